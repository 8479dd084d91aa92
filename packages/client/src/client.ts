import { callsOver, DenizenError, kinds, type ActionName, type Calls, type CommandOptions, type Plan } from '@denizen/core/calls'
import { createTRPCUntypedClient, type TRPCRequestOptions } from '@trpc/client'
import type { AppRouter } from '@denizen/api'
import { understood } from './errors.ts'
import { denizenLinks, type LinkOptions } from './links.ts'

export type ClientOptions = LinkOptions

/**
 * The calls of a Denizen server: `client.users.get({ userId })`. Rejects with
 * `DenizenError`s, also when the server cannot be reached (`client.unreachable`).
 * Calls made in the same tick travel together, unless they carry a key or ask for a plan.
 * Nothing is sent twice: whoever repeats a command gives it an idempotency key.
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
    run: async (name, input, { idempotencyKey }: CommandOptions) =>
      send(name, input, idempotencyKey === undefined ? {} : withHeader('idempotency-key', sendable(idempotencyKey))),
    plan: async (name, input) => (await send(name, input, withHeader('denizen-plan', 'true'))) as Plan,
  })
}

function withHeader(name: string, value: string): TRPCRequestOptions {
  return { context: { headers: { [name]: value } } }
}

/** Says of a key that no header can carry what the server would say of it. */
function sendable(key: string): string {
  if (/^[\x21-\x7e]*$/.test(key)) return key
  const issue = { path: 'idempotencyKey', message: '1 to 200 visible ASCII characters' }
  throw new DenizenError('request.invalid', 'invalid', `${issue.path}: ${issue.message}`, { issues: [issue] })
}
