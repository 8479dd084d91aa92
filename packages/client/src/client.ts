import { callsOver, DenizenError, kinds, type ActionName, type Calls, type CommandOptions, type Plan } from '@denizen/core/calls'
import { createTRPCUntypedClient, type TRPCRequestOptions } from '@trpc/client'
import type { AppRouter } from '@denizen/api'
import { understood } from './errors.ts'
import { denizenLinks, type LinkOptions } from './links.ts'
import { CookieSession, StoredSession, type Keeper, type SessionStore, type SessionTokens } from './session.ts'

export interface ClientOptions extends Omit<LinkOptions, 'cookies'> {
  /**
   * Instead of `token`: a session that the client keeps alive by itself. A store holds its tokens between
   * calls; `cookie`, in a browser, leaves them to cookies that no script reads. Signing in begins it.
   */
  readonly session?: SessionStore | 'cookie'
}

type Send = (name: ActionName, input: unknown, request: TRPCRequestOptions) => Promise<unknown>

/**
 * The calls of a Denizen server: `client.users.get({ userId })`. Rejects with
 * `DenizenError`s, also when the server cannot be reached (`client.unreachable`).
 * Calls made in the same tick travel together, unless they carry a key or ask for a plan.
 * Nothing is carried out twice: whoever repeats a command gives it an idempotency key. Only a
 * call that was turned away for want of a session is sent again, once the session was refreshed.
 */
export function createClient(options: ClientOptions): Calls {
  const keeper = keeperFor(options)
  const send = keeper === null ? sender(options) : keptAlive(keeper, sender({ ...linkOptions(options), token: () => keeper.token() }))
  return callsOver({
    async run(name, input, { idempotencyKey }: CommandOptions) {
      const answer = await send(name, input, idempotencyKey === undefined ? {} : withHeader('idempotency-key', sendable(idempotencyKey)))
      await keeper?.heard(name, answer)
      return answer
    },
    plan: async (name, input) => (await send(name, input, withHeader('denizen-plan', 'true'))) as Plan,
  })
}

function sender(options: LinkOptions): Send {
  const client = createTRPCUntypedClient<AppRouter>({ links: denizenLinks(options) })
  return async (name, input, request) => {
    try {
      return await (kinds[name] === 'query' ? client.query(name, input, request) : client.mutation(name, input, request))
    } catch (error) {
      throw understood(error, options.url)
    }
  }
}

function linkOptions({ url, fetch, session }: ClientOptions): LinkOptions {
  return { url, cookies: session === 'cookie', ...(fetch !== undefined && { fetch }) }
}

function keeperFor(options: ClientOptions): Keeper | null {
  const { session, token } = options
  if (session === undefined) return null
  if (token !== undefined && token !== null)
    throw new DenizenError('client.twoCredentials', 'invalid', 'Give the client a token or a session to keep alive, not both.')
  const send = sender(linkOptions(options))
  const refresh = async (refreshToken: string) => (await send('auth.refresh', { refreshToken }, {})) as SessionTokens
  return session === 'cookie' ? new CookieSession(refresh) : new StoredSession(session, refresh)
}

/** Sends once more what was turned away for want of a session, if there is one again; else the failure is the answer. */
function keptAlive(keeper: Keeper, send: Send): Send {
  return async (...call) => {
    const before = keeper.generation
    try {
      return await send(...call)
    } catch (error) {
      const turnedAway = error instanceof DenizenError && error.code === 'request.unauthenticated'
      if (turnedAway && (await keeper.renewed(before))) return send(...call)
      throw error
    }
  }
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
