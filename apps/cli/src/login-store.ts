import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
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

/** Written beside and moved into place, so that it is never there with other rights, or half. */
export async function writeLogin(login: Login): Promise<void> {
  const file = loginFile()
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, `${JSON.stringify(login)}\n`, { mode: 0o600, flag: 'wx' })
  await rename(draft, file)
}

export async function forgetLogin(): Promise<void> {
  await rm(loginFile(), { force: true })
}
