import { DenizenError } from '@denizen/core/calls'
import { distance } from '@denizen/core/contract'
import type { Connection } from './calls.ts'
import { usageError, withNext } from './failure.ts'
import { SavedLogin } from './saved-login.ts'
import { contextNames, lastUrl, readLogin } from './login-store.ts'
import { existingContext, type Context } from './contexts.ts'
import { nextStep, type Typed } from './next-steps.ts'
import { denizen, type ConnectionOptions } from './common-options.ts'
import { withName } from './reference-errors.ts'
import { serverCalls } from './server-calls.ts'
import { serverFetch } from './server-fetch.ts'

/** Where `denizen serve` listens by default. */
export const defaultUrl = 'http://localhost:4000'

/** Runs work over a connection, and closes it. Adds the next step to errors, with what was typed in it. */
export async function connected<T>(
  options: ConnectionOptions,
  work: (connection: Connection) => Promise<T>,
  typed: Typed = {},
): Promise<T> {
  const connection = await connect(options)
  try {
    return await work(connection)
  } catch (error) {
    throw error instanceof DenizenError ? withNextStep(error, connection.url, typed) : error
  } finally {
    await connection.close()
  }
}

async function connect(options: ConnectionOptions): Promise<Connection> {
  if (options.local === true || options.database !== undefined) {
    const { connectLocally } = await import('./local.ts') // brings the database; a remote call starts faster without
    return connectLocally(options)
  }
  requireKnownVariables()
  const context = await existingContext(options.context, (options.url ?? process.env['DENIZEN_URL']) !== undefined)
  const url = await serverUrl(options.url, context)
  const connection = await remote(url, await credentialFor(url, context), options.debug ?? false)
  return { ...connection, context: context.name, isOneOfMany: (await contextNames()).length > 1 }
}

/** A connection to a server with this token, with the saved login, or anonymous. */
export async function remote(url: string, credential: string | SavedLogin | null, debug: boolean): Promise<Connection> {
  const fetch = serverFetch(url, { debug })
  const calls =
    credential instanceof SavedLogin
      ? await serverCalls({ url, token: () => credential.token(), fetch: credential.over(fetch) })
      : await serverCalls({ url, token: credential, fetch })
  return { calls, url, context: null, isOneOfMany: false, close: async () => {} }
}

/** The server's URL: the option, that of a context named by an option, DENIZEN_URL, where the user is signed in, or the default. */
export async function serverUrl(option: string | undefined, context: Context): Promise<string> {
  const ofContext = option === undefined && context.namedBy === '--context' ? await lastUrl(context.name) : null
  const named =
    option ??
    ofContext ??
    nonEmpty('DENIZEN_URL', `Put the URL of a server into it, for example ${defaultUrl}, or do without: unset DENIZEN_URL`)
  if (named === null) return (await lastUrl(context.name)) ?? defaultUrl
  if (!URL.canParse(named) || !/^https?:$/.test(new URL(named).protocol))
    throw usageError(`"${named}" is not the URL of a server.`, `For example --url ${withScheme(named) ?? defaultUrl}`)
  const { username, password } = new URL(named)
  if (username !== '' || password !== '')
    throw usageError('The URL of the server must not contain a user name or a password.', `Sign in instead: ${denizen} login`)
  return named.replace(/\/+$/, '')
}

/**
 * The token of DENIZEN_TOKEN; null: it is not set. Throws when it is empty: where a script's secret
 * is missing, the login that this machine happens to have must not act in its place.
 */
function tokenOfEnvironment(): string | null {
  return nonEmpty('DENIZEN_TOKEN', 'Put an API token into it, or do without to use the login of this machine: unset DENIZEN_TOKEN')
}

/** `localhost:4000` as the URL that was meant; null: it is no host. */
function withScheme(text: string): string | null {
  if (!/^[\w.-]+:\d+$/.test(text)) return null
  const isHere = /^(localhost|127\.)/.test(text)
  return `${isHere ? 'http' : 'https'}://${text}`
}

/** Letters in which a variable differs that was meant to be one of ours; fewer in a short name, which is near to settings of the server. */
const mostWrong = (name: string) => (name.length < 'DENIZEN_'.length + 4 ? 1 : 2)

/** What tells a client where to go, as whom, and how long to wait. */
const variables = ['DENIZEN_URL', 'DENIZEN_TOKEN', 'DENIZEN_CONTEXT', 'DENIZEN_TIMEOUT'] as const

/**
 * Throws for a variable that was probably meant to be one of these: without it the call would go to another server, or as somebody else.
 * Others in the environment may be settings of a server.
 */
function requireKnownVariables(): void {
  for (const meant of variables.filter((name) => process.env[name] === undefined)) {
    const wrong = Object.keys(process.env).find((name) => name.startsWith('DE') && distance(name, meant) <= mostWrong(meant))
    if (wrong !== undefined)
      throw usageError(`${wrong} is not a setting. Did you mean ${meant}?`, `Rename it, or do without: unset ${wrong}`)
  }
}

/** A variable of the environment; null: it is not set. Throws when it is empty. */
function nonEmpty(name: string, next: string): string | null {
  const given = process.env[name]
  if (given?.trim() === '') throw usageError(`${name} is set, but empty.`, next)
  return given ?? null
}

/** A saved login is sent to the server that issued it, and to no other. */
async function credentialFor(url: string, { name, namedBy }: Context): Promise<string | SavedLogin | null> {
  const given = tokenOfEnvironment()
  if (given !== null && namedBy === '--context')
    throw usageError(`DENIZEN_TOKEN is set, and would go before the login of the context ${name}.`, 'Unset it first: unset DENIZEN_TOKEN')
  if (given !== null) return given
  const login = await readLogin(name)
  return login !== null && new URL(login.url).origin === new URL(url).origin ? new SavedLogin(name, login) : null
}

/** The error with the name that was typed, and the next step for the user. */
export function withNextStep(failed: DenizenError, url: string | null, typed: Typed = {}): DenizenError {
  const error = withName(failed, typed)
  const next = nextStep(error, { url, option: url === null || url === defaultUrl ? '' : ` --url ${url}`, typed })
  return next === null || 'next' in error.details ? error : withNext(error, next)
}
