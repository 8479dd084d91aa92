import { randomBytes } from 'node:crypto'
import { access, constants, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OutputOf, Signatures } from '@denizen/core/contract'
import { z } from 'zod'
import { usageError } from './failure.ts'
import { denizen } from './options.ts'

/** Where the user is signed in. The tokens give access to the account, so only the owner may read the file. */
const Login = z.object({
  url: z.url(),
  token: z.string(),
  username: z.string(),
  /** Missing in logins that older versions saved; those last as long as their access token. */
  refreshToken: z.string().optional(),
  /** When the access token expires. */
  expiresAt: z.iso.datetime().optional(),
})
export type Login = z.infer<typeof Login>

/** A sign-in as it is saved. */
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

/** null: not signed in. */
export async function readLogin(): Promise<Login | null> {
  try {
    return Login.parse(JSON.parse(await readFile(loginFile(), 'utf8')))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw usageError(`${loginFile()} cannot be read as a login.`, `Sign in again: ${denizen} login`)
  }
}

/** The server of the last sign-in; null: none, or it cannot be read. */
export async function lastUrl(): Promise<string | null> {
  return readLogin().then(
    (login) => login?.url ?? null,
    () => null,
  )
}

/** Writes a temporary file and renames it, so that it never exists with other permissions, or half. */
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

/** Checks that a login can be saved, before a session is created for it. */
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
    `The login cannot be saved in ${dirname(loginFile())}: ${error.message}`,
    'Name another folder with XDG_CONFIG_HOME, or do without a login: set DENIZEN_URL and DENIZEN_TOKEN.',
  )
}

export async function forgetLogin(): Promise<void> {
  await rm(loginFile(), { force: true })
}

/** Milliseconds after which a lock counts as abandoned. */
const longestLock = 30_000

/**
 * Runs work that no other `denizen` of this user may do at the same time. An abandoned
 * lock is taken over. Should two processes ever hold it, the server's grace period for
 * refresh tokens gives both the same answer.
 */
export async function withLoginLock<T>(work: () => Promise<T>): Promise<T> {
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
