import { callsOver, DenizenError, keyless, kinds, type ActionName, type Calls, type CommandOptions, type Plan } from '@denizen/core/calls'
import { createTRPCUntypedClient } from '@trpc/client'
import type { AppRouter } from '@denizen/api'
import { toDomainError } from './errors.ts'
import { denizenLinks, type AskedOf, type LinkOptions } from './links.ts'
import { CookieSession, StoredSession, type SessionRefresher, type SessionStore, type SessionTokens } from './session.ts'

export interface ClientOptions extends Omit<LinkOptions, 'cookies'> {
  /**
   * Instead of `token`: a session that the client refreshes by itself. A store holds its tokens between
   * calls; with `cookie`, in a browser, they are in cookies that no script can read. Signing in starts it.
   */
  readonly session?: SessionStore | 'cookie'
}

type Send = (name: ActionName, input: unknown, asked?: AskedOf) => Promise<unknown>

/**
 * The calls of a Denizen server: `client.users.get({ userId })`. They reject with a
 * `DenizenError`, also when the server cannot be reached (`client.unreachable`).
 * Calls made in the same tick are sent as one batch. Commands carry an idempotency key, if not
 * one of yours then one of their own: when the answer to one is lost, its error has the key in
 * `details.idempotencyKey`, and to repeat the call with it is safe. The client never repeats a
 * command by itself, except one that was refused because its session had expired, after the
 * session was refreshed.
 */
export function createClient(options: ClientOptions): Calls {
  const keeper = refresherFor(options)
  const send = keeper === null ? sender(options) : withRefresh(keeper, sender({ ...linkOptions(options), token: () => keeper.token() }))
  return callsOver({
    async run(name, input, { idempotencyKey = ownKeyFor(name) }: CommandOptions) {
      const answer = await (idempotencyKey === undefined
        ? send(name, input)
        : withKey(idempotencyKey, (key) => send(name, input, { idempotencyKey: key })))
      await keeper?.observe(name, answer)
      return answer
    },
    plan: async (name, input) => planIn(await send(name, input, { plan: true })),
  })
}

/** A key for a command that its caller gave none. undefined: it takes none. */
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
    'This is not a plan: the server may have carried the command out. Look before you go on.',
  )
}

const partsOfPlan = ['rows', 'sessionsEnded', 'tokensEnded', 'events', 'jobs', 'failed'] satisfies (keyof Plan)[]

function sender(options: LinkOptions): Send {
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

function linkOptions({ url, fetch, session }: ClientOptions): LinkOptions {
  return { url, cookies: session === 'cookie', ...(fetch !== undefined && { fetch }) }
}

function refresherFor(options: ClientOptions): SessionRefresher | null {
  const { session, token } = options
  if (session === undefined) return null
  if (token !== undefined && token !== null)
    throw new DenizenError('client.twoCredentials', 'invalid', 'Give the client a token or a session to keep alive, not both.')
  const send = sender(linkOptions(options))
  const refresh = async (refreshToken: string) => (await send('auth.refresh', { refreshToken })) as SessionTokens
  return session === 'cookie' ? new CookieSession(refresh) : new StoredSession(session, refresh)
}

/** Sends a call again if it was refused as unauthenticated and the session could be refreshed. */
function withRefresh(keeper: SessionRefresher, send: Send): Send {
  return async (...call) => {
    const before = keeper.generation
    try {
      return await send(...call)
    } catch (error) {
      const isRefused = error instanceof DenizenError && error.code === 'request.unauthenticated'
      if (isRefused && (await keeper.refreshedSince(before))) return send(...call)
      throw error
    }
  }
}
