import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import { invalidInput } from '../kernel/errors.ts'
import { anyOf, granted, owner, type Rule, type Target } from '../kernel/rule.ts'
import { type UserId, accountTarget, overAccount, namedUserOrCaller, withAccountGrants } from '../users/index.ts'
import { SessionRow } from './entity.ts'
import type { SessionId } from './model.ts'

interface NamesSession {
  readonly sessionId: SessionId
}

/** Who may see sessions: their user, and those with the permission where the account is managed. */
export const overSessions: Rule = anyOf(owner, granted)

/** Who may end sessions: as above, but nobody ends those of a user with more permissions. */
export const overEnding: Rule = anyOf(owner, overAccount)

/** A session belongs to its user, and to the organization that manages the account. */
export const sessionTarget = {
  type: 'session',
  async find(em: SqlEntityManager, { sessionId }: NamesSession): Promise<Target | null> {
    const session = await em.findOne(SessionRow, { id: sessionId })
    const account = session === null ? null : await accountTarget.find(em, { userId: session.userId })
    return account === null ? null : { ...account, type: 'session', id: sessionId, visibleWith: 'sessions.get' }
  },
} satisfies TargetFinder<NamesSession>

/** As above, to end the session: with the grants of its user. */
export const endedSessionTarget = {
  type: 'session',
  async find(em: SqlEntityManager, input: NamesSession): Promise<Target | null> {
    return withAccountGrants(em, await sessionTarget.find(em, input))
  },
} satisfies TargetFinder<NamesSession>

/** The named user, or the caller. The operator of the machine has no sessions, and must name a user. */
export function namedOwnerOrCaller(actor: Actor, input: { readonly userId?: UserId | undefined }): UserId {
  const userId = namedUserOrCaller(actor, input)
  if (userId === null) throw invalidInput({ issues: [{ path: 'userId', message: 'name a user: you have no sessions of your own' }] })
  return userId
}
