import type { AppRouter } from '@denizen/api'
import { DenizenError, type ActionName } from '@denizen/core/calls'
import { createTRPCUntypedClient, TRPCClientError, type Operation, type OperationLink, type TRPCLink } from '@trpc/client'
import { observable, observableToPromise } from '@trpc/server/observable'
import { domainOf, toDomainError } from './errors.ts'
import type { ClientOptions } from './options.ts'
import { CookieSession, StoredSession, type SessionRefresher, type SessionTokens } from './session.ts'
import { transportLinks, type AskedOf } from './transport.ts'

/** What keeps the session of these options; null: they have none. Refreshes go through links of their own, without a token. */
export function refresherFor({ url, fetch, session, token }: ClientOptions): SessionRefresher | null {
  if (session === undefined) return null
  if (token !== undefined && token !== null)
    throw new DenizenError('client.twoCredentials', 'invalid', 'Give the client a token or a session to keep alive, not both.')
  const client = createTRPCUntypedClient<AppRouter>({ links: transportLinks({ url, fetch, cookies: session === 'cookie' }) })
  const refresh = async (refreshToken: string): Promise<SessionTokens> => {
    try {
      return (await client.mutation('auth.refresh', { refreshToken })) as SessionTokens
    } catch (error) {
      throw toDomainError(error, url)
    }
  }
  return session === 'cookie' ? new CookieSession(refresh) : new StoredSession(session, refresh)
}

/** The link that keeps a session: refreshes it when a call was refused for want of one, sends the call again, and sees tokens come and go. */
export function keepAlive(keeper: SessionRefresher): TRPCLink<AppRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) => {
        answerOf(keeper, op, next).then(
          (answer) => {
            observer.next(answer)
            observer.complete()
          },
          (error: Error) => observer.error(TRPCClientError.from(error)),
        )
      })
}

type Next = Parameters<OperationLink<AppRouter>>[0]['next']

async function answerOf(keeper: SessionRefresher, op: Operation, next: Next) {
  const answer = await sendTwice(keeper, () => observableToPromise(next(op)))
  const isPlan = (op.context as AskedOf).plan === true
  if (!isPlan && 'data' in answer.result) await keeper.observe(op.path as ActionName, answer.result.data)
  return answer
}

/** Sends a call again if it was refused as unauthenticated and the session could be refreshed. */
async function sendTwice<Answer>(keeper: SessionRefresher, send: () => Promise<Answer>): Promise<Answer> {
  const before = keeper.generation
  try {
    return await send()
  } catch (error) {
    if (domainOf(error)?.code === 'request.unauthenticated' && (await keeper.refreshedSince(before))) return send()
    throw error
  }
}
