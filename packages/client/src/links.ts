import type { AppRouter } from '@denizen/api'
import type { TRPCLink } from '@trpc/client'
import { keepAlive, refresherFor } from './keep-alive.ts'
import type { ClientOptions } from './options.ts'
import { transportLinks } from './transport.ts'

/**
 * The links of a plain tRPC client: `createTRPCClient<AppRouter>({ links: denizenLinks({ url, session }) })`. The context of a call
 * may ask for more: `client.users.archive.mutate(input, { context: { plan: true } })`, or `{ idempotencyKey }`.
 * Clients that share a session share the links too, so that it is refreshed once for all of them.
 */
export function denizenLinks(options: ClientOptions): TRPCLink<AppRouter>[] {
  const { url, fetch, session, token } = options
  const keeper = refresherFor(options)
  if (keeper === null) return transportLinks({ url, fetch, token })
  return [keepAlive(keeper), ...transportLinks({ url, fetch, cookies: session === 'cookie', token: () => keeper.token() })]
}
