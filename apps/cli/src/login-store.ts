import { randomBytes } from 'node:crypto'
import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { usageError } from './failure.ts'
import { denizen } from './options.ts'

/** Where the user is signed in. The token opens the account: the file is for its owner's eyes only. */
const Login = z.object({ url: z.url(), token: z.string(), username: z.string() })
export type Login = z.infer<typeof Login>

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
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
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
