import { callsOver, DenizenError, keyless, kinds, type ActionName, type Calls, type CommandOptions, type Plan } from '@denizen/core/calls'
import { createTRPCUntypedClient } from '@trpc/client'
import type { AppRouter } from '@denizen/api'
import { toDomainError } from './errors.ts'
import { denizenLinks } from './links.ts'
import type { ClientOptions } from './options.ts'
import type { AskedOf } from './transport.ts'

type Send = (name: ActionName, input: unknown, asked?: AskedOf) => Promise<unknown>

/**
 * The calls of a Denizen server: `client.users.get({ userId })`. They reject with a
 * `DenizenError`, also when the server cannot be reached (`client.unreachable`).
 * Calls made in the same tick are sent as one batch. Every command carries an idempotency key, yours or
 * one made for it: when its answer is lost, the error has the key in
 * `details.idempotencyKey`, and it is safe to repeat the call with it. The client never repeats a
 * command by itself, except one that was refused because its session had expired, after the
 * session was refreshed.
 */
export function createClient(options: ClientOptions): Calls {
  const send = sender(options)
  return callsOver({
    run: (name, input, { idempotencyKey = ownKeyFor(name) }: CommandOptions) =>
      idempotencyKey === undefined ? send(name, input) : withKey(idempotencyKey, (key) => send(name, input, { idempotencyKey: key })),
    plan: async (name, input) => planIn(await send(name, input, { plan: true })),
  })
}

/** The key of a command whose caller gave none. undefined: it takes none. */
function ownKeyFor(name: ActionName): string | undefined {
  if (kinds[name] === 'query' || keyless.has(name)) return undefined
  // Not `randomUUID`, which browsers have on secure pages only.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Makes a call with a key, which is in the details of its error if nobody knows whether it was carried out. */
async function withKey(idempotencyKey: string, send: (key: string) => Promise<unknown>): Promise<unknown> {
  try {
    return await send(idempotencyKey)
  } catch (error) {
    if (!(error instanceof DenizenError) || !lostAnswers.has(error.code)) throw error
    const { code, kind, message, details, cause } = error
    throw new DenizenError(code, kind, message, { ...details, idempotencyKey }, cause)
  }
}

/** Errors after which a command may have been carried out. */
const lostAnswers: ReadonlySet<string> = new Set([
  'request.outcomeUnknown',
  'client.unreachable',
  'client.timedOut',
  'client.aborted',
  'client.unexpectedAnswer',
])

/** The answer to a plan. If it is anything else, something on the way has changed the call. */
function planIn(answer: unknown): Plan {
  if (typeof answer === 'object' && answer !== null && partsOfPlan.every((part) => part in answer)) return answer as Plan
  throw new DenizenError(
    'client.noPlan',
    'internal',
    'This is not a plan: the server may have carried the command out. Check before you go on.',
  )
}

const partsOfPlan = ['rows', 'sessionsEnded', 'tokensEnded', 'events', 'jobs', 'failed'] satisfies (keyof Plan)[]

function sender(options: ClientOptions): Send {
  const client = createTRPCUntypedClient<AppRouter>({ links: denizenLinks(options) })
  return async (name, input, asked = {}) => {
    const request = { context: { ...asked } }
    try {
      return await (kinds[name] === 'query' ? client.query(name, input, request) : client.mutation(name, input, request))
    } catch (error) {
      throw toDomainError(error, options.url)
    }
  }
}
