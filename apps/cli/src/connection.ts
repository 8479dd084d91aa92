import { DenizenError, type ActionName, type Calls, type CommandOptions } from '@denizen/core/calls'
import type { Plan } from '@denizen/core/contract'
import { usageError, withNext } from './failure.ts'
import { KeptLogin } from './kept-login.ts'
import { lastUrl, readLogin } from './login-store.ts'
import { nextStep } from './next-steps.ts'
import { denizen, type ConnectionOptions } from './options.ts'
import { note } from './output.ts'

/** Where `denizen serve` listens when nobody says otherwise. */
export const defaultUrl = 'http://127.0.0.1:4000'

export interface Connection {
  readonly calls: Calls
  /** The server; null: the database itself, in this process. */
  readonly url: string | null
  close(): Promise<void>
}

/** Does something over a connection; errors come out with what to do about them here. */
export async function connected<T>(options: ConnectionOptions, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect(options)
  try {
    return await work(connection)
  } catch (error) {
    throw error instanceof DenizenError ? explained(error, connection.url) : error
  } finally {
    await connection.close()
  }
}

async function connect(options: ConnectionOptions): Promise<Connection> {
  if (options.local === true || options.database !== undefined) {
    const { connectLocally } = await import('./local.ts') // brings the database; a remote call starts faster without
    return connectLocally(options)
  }
  const url = await serverUrl(options.url)
  return remote(url, await credentialFor(url), options.debug ?? false)
}

/** A connection with this token, with the login that is kept here, or with neither. */
export async function remote(url: string, credential: string | KeptLogin | null, debug: boolean): Promise<Connection> {
  const { createClient } = await import('@denizen/client')
  const fetch = debug ? tellingFetch : globalThis.fetch
  const calls =
    credential instanceof KeptLogin
      ? createClient({ url, token: () => credential.token(), fetch: credential.over(fetch) })
      : createClient({ url, token: credential, fetch })
  return { calls, url, close: async () => {} }
}

/** The server that is meant: the option, DENIZEN_URL, where one is signed in, else the usual place. */
export async function serverUrl(option: string | undefined): Promise<string> {
  const named = option ?? (process.env['DENIZEN_URL'] || undefined)
  if (named === undefined) return (await lastUrl()) ?? defaultUrl
  if (!URL.canParse(named) || !/^https?:$/.test(new URL(named).protocol))
    throw usageError(`"${named}" is not the URL of a server.`, `For example --url ${defaultUrl}`)
  const { username, password } = new URL(named)
  if (username !== '' || password !== '')
    throw usageError('The URL of a server holds no user name and no password.', `Sign in instead: ${denizen} login`)
  return named.replace(/\/+$/, '')
}

/** A token goes to the server that gave it, and to no other. */
async function credentialFor(url: string): Promise<string | KeptLogin | null> {
  const given = process.env['DENIZEN_TOKEN']
  if (given !== undefined && given !== '') return given
  const login = await readLogin()
  return login !== null && new URL(login.url).origin === new URL(url).origin ? new KeptLogin(login) : null
}

/** Names and times only: inputs travel in the query. */
async function tellingFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const started = performance.now()
  const url = new URL(input instanceof Request ? input.url : input)
  const tell = (outcome: string) =>
    note(`debug: ${init?.method ?? 'GET'} ${url.origin}${url.pathname} ${outcome} ${(performance.now() - started).toFixed(1)} ms`)
  try {
    const response = await fetch(input, init)
    tell(String(response.status))
    return response
  } catch (error) {
    tell('no answer')
    throw error
  }
}

/** The error, saying what to do about it here. */
export function explained(error: DenizenError, url: string | null): DenizenError {
  const next = nextStep(error, { url, option: url === null || url === defaultUrl ? '' : ` --url ${url}` })
  return next === null || 'next' in error.details ? error : withNext(error, next)
}

interface UntypedCall {
  (input: unknown, options?: CommandOptions): Promise<unknown>
  plan?(input: unknown): Promise<Plan>
}

/** A call by its name, for what is made from the list of names. */
export function callNamed(calls: Calls, name: ActionName): UntypedCall {
  const [namespace = '', verb = ''] = name.split('.')
  const tree = calls as unknown as Readonly<Record<string, Readonly<Record<string, UntypedCall>>>>
  const call = tree[namespace]?.[verb]
  if (call === undefined) throw new TypeError(`There is no call ${name}.`)
  return call
}
