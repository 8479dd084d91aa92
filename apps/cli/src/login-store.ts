import { randomBytes } from 'node:crypto'
import { access, constants, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OutputOf, Signatures } from '@denizen/core/contract'
import { z } from 'zod'
import { usageError } from './failure.ts'
import { denizen } from './options.ts'

/** Where the user is signed in. The tokens open the account: the file is for its owner's eyes only. */
const Login = z.object({
  url: z.url(),
  token: z.string(),
  username: z.string(),
  /** Brings the next token. Without it, as older versions kept logins, one lasts as long as its token. */
  refreshToken: z.string().optional(),
  /** When the token opens nothing any more. */
  expiresAt: z.iso.datetime().optional(),
})
export type Login = z.infer<typeof Login>

/** A sign-in as it is kept. */
export function loginOf(url: string, signedIn: OutputOf<Signatures['auth']['refresh']>): Login {
  const { accessToken, accessTokenExpiresAt, refreshToken, user } = signedIn
  return { url, token: accessToken, username: user.username, refreshToken, expiresAt: accessTokenExpiresAt.toISOString() }
}

function configDirectory(): string {
  const { XDG_CONFIG_HOME: xdg, APPDATA: appData } = process.env
  if (xdg !== undefined && xdg !== '') return xdg
  if (process.platform === 'win32' && appData !== undefined && appData !== '') return appData
  return join(homedir(), '.config')
}

export function loginFile(): string {
  return join(configDirectory(), 'denizen', 'login.json')
}

/** null: not signed in anywhere. */
export async function readLogin(): Promise<Login | null> {
  try {
    return Login.parse(JSON.parse(await readFile(loginFile(), 'utf8')))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw usageError(`${loginFile()} cannot be read as a login.`, `Sign in again: ${denizen} login`)
  }
}

/** The server that was signed in to last; null also when that cannot be read any more. */
export async function lastUrl(): Promise<string | null> {
  return readLogin().then(
    (login) => login?.url ?? null,
    () => null,
  )
}

/** Written beside and moved into place, so that it is never there with other rights, or half. */
export async function writeLogin(login: Login): Promise<void> {
  const file = loginFile()
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, `${JSON.stringify(login)}\n`, { mode: 0o600, flag: 'wx' })
    await rename(draft, file)
  } catch (error) {
    throw cannotKeep(error)
  }
}

/** Finds out before a session is made for it whether a login can be kept. */
export async function prepareLogin(): Promise<void> {
  const folder = dirname(loginFile())
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.W_OK)
  } catch (error) {
    throw cannotKeep(error)
  }
}

function cannotKeep(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  return usageError(
    `The login cannot be kept in ${dirname(loginFile())}: ${error.message}`,
    'Name another folder with XDG_CONFIG_HOME, or do without a login: set DENIZEN_URL and DENIZEN_TOKEN.',
  )
}

export async function forgetLogin(): Promise<void> {
  await rm(loginFile(), { force: true })
}

/** Milliseconds after which whoever holds the lock has died with it. */
const longestLock = 30_000

/**
 * Does something that no other `denizen` of this user does at the same time. A lock
 * that was left behind is taken over; should two ever take it, the server's grace for
 * refresh tokens gives both the same answer.
 */
export async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  const file = `${loginFile()}.lock`
  for (;;) {
    try {
      await writeFile(file, `${process.pid}\n`, { mode: 0o600, flag: 'wx' })
      break
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw cannotKeep(error)
      if (await isLeftBehind(file)) await rm(file, { force: true })
      else await sleep(50)
    }
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function isLeftBehind(file: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(file)).mtimeMs > longestLock
  } catch {
    return false // it was just given back
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
