import type { AppRouter } from '@denizen/api'
import { DenizenError } from '@denizen/core/calls'
import { httpBatchLink, type Operation, type TRPCLink } from '@trpc/client'
import superjson from 'superjson'

export interface LinkOptions {
  /** Where the server is: `http://127.0.0.1:4000`. */
  readonly url: string
  /** The access token, or a function that returns it, which is called before every request. */
  readonly token?: string | null | (() => string | null | Promise<string | null>)
  /** A `fetch` to use instead of the global one, for example with a time limit. */
  readonly fetch?: typeof globalThis.fetch
  /** In a browser: the session is in cookies, also for an application on another host of the same site. */
  readonly cookies?: boolean
}

/** The server refuses larger batches. */
const largestBatch = 20

/** Queries are batched up to this many characters of URL; a single one that is longer is refused. */
export const longestUrl = 4096

/** What the context of a call may ask for. */
export interface AskedOf {
  /** The effects that the command would have, instead of carrying it out. */
  readonly plan?: true
  /** Makes it safe to repeat: the same key and input get the first answer again. */
  readonly idempotencyKey?: string
}

/**
 * The links of a plain tRPC client: `createTRPCClient<AppRouter>({ links: denizenLinks({ url }) })`. The context of a call may ask
 * for more: `client.users.archive.mutate(input, { context: { plan: true } })`, or `{ idempotencyKey }`.
 */
export function denizenLinks({ url, token = null, fetch, cookies = false }: LinkOptions): TRPCLink<AppRouter>[] {
  refuseCredentials(url)
  const common = {
    url: `${url.replace(/\/+$/, '')}/trpc`,
    transformer: superjson,
    ...(cookies ? { fetch: withCookies(fetch) as never } : fetch === undefined ? {} : { fetch: fetch as never }),
  }
  const authorization = async (): Promise<Record<string, string>> => {
    const current = typeof token === 'function' ? await tokenFrom(token) : token
    return current === null ? {} : { authorization: `Bearer ${sendable(current)}` }
  }
  return [
    () =>
      ({ op, next }) =>
        next(asking(op)),
    httpBatchLink<AppRouter>({ ...common, maxItems: largestBatch, maxURLLength: longestUrl, headers: authorization }),
  ]
}

/** Commands also ask for new tokens in cookies. Queries do not, because the header would cost a preflight request. */
function withCookies(send: typeof globalThis.fetch = (...request) => fetch(...request)): typeof globalThis.fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers)
    if (init?.method === 'POST') headers.set('denizen-session', 'cookie')
    return send(input, { ...init, headers, credentials: 'include' })
  }
}

/** Says in the path and the body what the context asks for: a header can be lost on the way, and the command would be carried out. */
function asking(operation: Operation): Operation {
  const { path, input, context } = operation
  const { plan, idempotencyKey, headers } = context as AskedOf & { readonly headers?: unknown }
  if (headers !== undefined)
    throw new DenizenError(
      'client.headersOfCall',
      'invalid',
      'Headers of single calls are not sent: ask for { plan: true } or { idempotencyKey } in the context.',
    )
  if (plan === true) return { ...operation, path: `plan.${path}` }
  return idempotencyKey === undefined ? operation : { ...operation, path: `once.${path}`, input: { idempotencyKey, input } }
}

/** `fetch` refuses such a URL too, but repeats the password in its error. */
function refuseCredentials(url: string): void {
  if (!URL.canParse(url)) return // a path, in a browser
  const { username, password } = new URL(url)
  if (username === '' && password === '') return
  throw new DenizenError(
    'client.invalidUrl',
    'invalid',
    'The URL of the server must not contain a user name or a password: give a token instead.',
  )
}

async function tokenFrom(token: () => string | null | Promise<string | null>): Promise<string | null> {
  try {
    return await token()
  } catch (error) {
    if (error instanceof DenizenError) throw error
    throw new DenizenError('client.noToken', 'unauthenticated', 'The function that returns the access token failed.', {}, error)
  }
}

/** `fetch` repeats a header that it cannot send in its error, where a token must never be. */
function sendable(token: string): string {
  const trimmed = token.trim()
  if (/^[\x21-\x7e]+$/.test(trimmed)) return trimmed
  throw new DenizenError(
    'client.invalidToken',
    'unauthenticated',
    'The access token contains characters that no token has: was something else copied with it?',
  )
}
