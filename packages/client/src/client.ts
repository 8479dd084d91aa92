import { callsOver, DenizenError, kinds, type ActionName, type Calls, type CommandOptions, type Plan } from '@denizen/core/calls'
import { createTRPCUntypedClient, type TRPCRequestOptions } from '@trpc/client'
import type { AppRouter } from '@denizen/api'
import { toDomainError } from './errors.ts'
import { denizenLinks, type LinkOptions } from './links.ts'
import { CookieSession, StoredSession, type SessionRefresher, type SessionStore, type SessionTokens } from './session.ts'

export interface ClientOptions extends Omit<LinkOptions, 'cookies'> {
  /**
   * Instead of `token`: a session that the client refreshes by itself. A store holds its tokens between
   * calls; with `cookie`, in a browser, they are in cookies that no script can read. Signing in starts it.
   */
  readonly session?: SessionStore | 'cookie'
}

type Send = (name: ActionName, input: unknown, request: TRPCRequestOptions) => Promise<unknown>

/**
 * The calls of a Denizen server: `client.users.get({ userId })`. They reject with a
 * `DenizenError`, also when the server cannot be reached (`client.unreachable`).
 * Calls made in the same tick are sent as one batch, unless they have an idempotency key or
 * ask for a plan. The client never repeats a command by itself; give a command that you may
 * repeat an idempotency key. Only a call that was refused because its session had expired is
 * sent again, after the session was refreshed.
 */
export function createClient(options: ClientOptions): Calls {
  const keeper = refresherFor(options)
  const send = keeper === null ? sender(options) : withRefresh(keeper, sender({ ...linkOptions(options), token: () => keeper.token() }))
  return callsOver({
    async run(name, input, { idempotencyKey }: CommandOptions) {
      const answer = await send(name, input, idempotencyKey === undefined ? {} : withHeader('idempotency-key', sendable(idempotencyKey)))
      await keeper?.observe(name, answer)
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
  const refresh = async (refreshToken: string) => (await send('auth.refresh', { refreshToken }, {})) as SessionTokens
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

function withHeader(name: string, value: string): TRPCRequestOptions {
  return { context: { headers: { [name]: value } } }
}

/** The key; throws the server's error for one that no header can carry. */
function sendable(key: string): string {
  if (/^[\x21-\x7e]*$/.test(key)) return key
  const issue = { path: 'idempotencyKey', message: '1 to 200 visible ASCII characters' }
  throw new DenizenError('request.invalid', 'invalid', `${issue.path}: ${issue.message}`, { issues: [issue] })
}
