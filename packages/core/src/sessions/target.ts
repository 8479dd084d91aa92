import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../kernel/action.ts'
import { anyOf, granted, owner, type Rule, type Target } from '../kernel/rule.ts'
import { accountTarget, mayChangeAccount, withAccountGrants } from '../users/index.ts'
import { SessionRow } from './entity.ts'
import type { SessionId } from './model.ts'

interface NamesSession {
  readonly sessionId: SessionId
}

/** Who may see sessions: their user, and those with the permission where the account is managed. */
export const mayReadSessions: Rule = anyOf(owner, granted)

/** Who may end sessions: as above, but nobody ends those of a user with more permissions. */
export const mayEndSessions: Rule = anyOf(owner, mayChangeAccount)

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
