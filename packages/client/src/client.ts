import { callsOver, kinds, type ActionName, type Calls, type CommandOptions, type Plan } from '@denizen/core/calls'
import { createTRPCUntypedClient, type TRPCRequestOptions } from '@trpc/client'
import type { AppRouter } from '@denizen/api'
import { understood } from './errors.ts'
import { denizenLinks, type LinkOptions } from './links.ts'

export type ClientOptions = LinkOptions

/**
 * The calls of a Denizen server: `client.users.get({ userId })`. Rejects with
 * `DenizenError`s, also when the server cannot be reached (`client.unreachable`).
 * Calls made in the same tick travel together, unless they carry a key or ask for a plan.
 */
export function createClient(options: ClientOptions): Calls {
  const client = createTRPCUntypedClient<AppRouter>({ links: denizenLinks(options) })
  const send = async (name: ActionName, input: unknown, request: TRPCRequestOptions): Promise<unknown> => {
    try {
      return await (kinds[name] === 'query' ? client.query(name, input, request) : client.mutation(name, input, request))
    } catch (error) {
      throw understood(error, options.url)
    }
  }
  return callsOver({
    run: (name, input, { idempotencyKey }: CommandOptions) =>
      send(name, input, idempotencyKey === undefined ? {} : { context: { headers: { 'idempotency-key': idempotencyKey } } }),
    plan: async (name, input) => (await send(name, input, { context: { headers: { 'denizen-plan': 'true' } } })) as Plan,
  })
}
