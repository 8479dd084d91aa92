import type { AppRouter } from '@denizen/api'
import { DenizenError } from '@denizen/core/calls'
import { httpBatchLink, type Operation, type OperationLink, type TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import superjson from 'superjson'

/** How calls travel. */
export interface TransportOptions {
  readonly url: string
  readonly token?: string | null | (() => string | null | Promise<string | null>) | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
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

/** The links that send calls and take their answers; they keep no session alive. */
export function transportLinks({ url, token = null, fetch, cookies = false }: TransportOptions): TRPCLink<AppRouter>[] {
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
        readable(next(asking(op))),
    httpBatchLink<AppRouter>({ ...common, maxItems: largestBatch, maxURLLength: longestUrl, headers: authorization }),
  ]
}

type Answers = ReturnType<OperationLink<AppRouter>>

/**
 * tRPC knows errors by their class. In a program with two copies of it, those of the other copy would lose their `data`;
 * what has the shape of an error answer, under `error`, is read by every copy.
 */
function readable(answers: Answers): Answers {
  return observable((observer) =>
    answers.subscribe({
      next: (answer) => observer.next(answer),
      complete: () => observer.complete(),
      error: (error) => observer.error(Object.defineProperty(error, 'error', { value: error.shape })),
    }),
  )
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
