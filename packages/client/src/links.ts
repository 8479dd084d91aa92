import type { AppRouter } from '@denizen/api'
import { httpBatchLink, httpLink, splitLink, type Operation, type TRPCLink } from '@trpc/client'
import superjson from 'superjson'

export interface LinkOptions {
  /** Where the server is: `http://127.0.0.1:4000`. */
  readonly url: string
  /** The access token that `auth.signIn` gave, or how to get it; asked before every request. */
  readonly token?: string | null | (() => string | null | Promise<string | null>)
  /** Another fetch: to set a time limit, or to trace. */
  readonly fetch?: typeof globalThis.fetch
}

/** The server refuses larger batches. */
const largestBatch = 20

/** What a plain tRPC client needs to talk to Denizen: `createTRPCClient<AppRouter>({ links: denizenLinks({ url }) })`. */
export function denizenLinks({ url, token = null, fetch }: LinkOptions): TRPCLink<AppRouter>[] {
  const common = {
    url: `${url.replace(/\/+$/, '')}/trpc`,
    transformer: superjson,
    ...(fetch === undefined ? {} : { fetch: fetch as never }),
  }
  const authorization = async (): Promise<Record<string, string>> => {
    const current = typeof token === 'function' ? await token() : token
    return current === null ? {} : { authorization: `Bearer ${current}` }
  }
  return [
    splitLink({
      condition: (operation) => headersOf(operation) !== undefined,
      true: httpLink<AppRouter>({ ...common, headers: async ({ op }) => ({ ...(await authorization()), ...headersOf(op) }) }),
      false: httpBatchLink<AppRouter>({ ...common, maxItems: largestBatch, maxURLLength: 4096, headers: authorization }),
    }),
  ]
}

/** Headers that belong to one call alone; a call that has some travels alone. */
function headersOf(operation: Operation): Record<string, string> | undefined {
  return operation.context['headers'] as Record<string, string> | undefined
}
