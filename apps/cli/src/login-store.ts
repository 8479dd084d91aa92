import { randomBytes } from 'node:crypto'
import { access, constants, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OutputOf, Signatures } from '@denizen/core/contract'
import { z } from 'zod'
import { usageError } from './failure.ts'
import { denizen } from './common-options.ts'

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

/** The context of logins that name none. */
export const defaultContext = 'default'

function folder(): string {
  return join(configDirectory(), 'denizen')
}

/** Where the login of a context is kept; that of the default one where versions without contexts kept the only one. */
export function loginFile(context = defaultContext): string {
  return context === defaultContext ? join(folder(), 'login.json') : join(folder(), 'contexts', `${context}.json`)
}

function currentFile(): string {
  return join(folder(), 'context')
}

/** The context that is used when none is named. */
export async function currentContext(): Promise<string> {
  const kept = await readFile(currentFile(), 'utf8').catch(() => defaultContext)
  return isContextName(kept.trim()) ? kept.trim() : defaultContext
}

/** Lower case, so that two are never one where file systems do not tell case apart. */
export function isContextName(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)
}

/** The contexts with a login, by name. */
export async function contextNames(): Promise<readonly string[]> {
  const files = await readdir(join(folder(), 'contexts')).catch(() => [])
  const named = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
  const hasDefault = await access(loginFile()).then(
    () => true,
    () => false,
  )
  return [...(hasDefault ? [defaultContext] : []), ...named.filter(isContextName)].toSorted()
}

/** From now on this context is used when none is named. */
export async function useContext(name: string): Promise<void> {
  await mkdir(folder(), { recursive: true, mode: 0o700 })
  await writeWhole(currentFile(), `${name}\n`)
}

/** null: not signed in. */
export async function readLogin(context: string): Promise<Login | null> {
  try {
    return Login.parse(JSON.parse(await readFile(loginFile(context), 'utf8')))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw usageError(`${loginFile(context)} cannot be read as a login.`, `Sign in again: ${denizen} login${optionOf(context)}`)
  }
}

/** As a command names the context; nothing for the default one. */
function optionOf(context: string): string {
  return context === defaultContext ? '' : ` --context ${context}`
}

/** The server of the last sign-in; null: none, or it cannot be read. */
export async function lastUrl(context: string): Promise<string | null> {
  return readLogin(context).then(
    (login) => login?.url ?? null,
    () => null,
  )
}

export async function writeLogin(context: string, login: Login): Promise<void> {
  await writeWhole(loginFile(context), `${JSON.stringify(login)}\n`)
}

/** Writes a temporary file and renames it, so that it never exists with other permissions, or half. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
    await rename(draft, file)
  } catch (error) {
    throw cannotKeep(error)
  }
}

/** Checks that a login can be saved, before a session is created for it. */
export async function prepareLogin(context: string): Promise<void> {
  const place = dirname(loginFile(context))
  try {
    await mkdir(place, { recursive: true, mode: 0o700 })
    await access(place, constants.W_OK)
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

export async function forgetLogin(context: string): Promise<void> {
  await rm(loginFile(context), { force: true })
}

/** Milliseconds after which a lock counts as abandoned. */
const longestLock = 30_000

/**
 * Runs work that no other `denizen` of this user may do at the same time. An abandoned
 * lock is taken over. Should two processes ever hold it, the server's grace period for
 * refresh tokens gives both the same answer.
 */
export async function withLoginLock<T>(context: string, work: () => Promise<T>): Promise<T> {
  const file = `${loginFile(context)}.lock`
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
