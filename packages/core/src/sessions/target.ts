import type { SqlEntityManager } from '@mikro-orm/sql'
import { loadGrants } from '../grants/index.ts'
import type { TargetFinder } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import { invalidInput } from '../kernel/errors.ts'
import { anyOf, granted, owner, type Rule, type Target } from '../kernel/rule.ts'
import { type UserId, accountTarget, overAccount, namedUserOrCaller } from '../users/index.ts'
import { SessionRow } from './entity.ts'
import type { SessionId } from './model.ts'

interface NamesSession {
  readonly sessionId: SessionId
}

/** Who may see sessions: their user, and whoever was granted it where the account is managed. */
export const overSessions: Rule = anyOf(owner, granted)

/** Who may end them: the same, but nobody ends those of somebody above them. */
export const overEnding: Rule = anyOf(owner, overAccount)

/** How a session is found: it belongs to its user, and to the organization that manages them. */
export const sessionTarget = {
  type: 'session',
  async find(em: SqlEntityManager, { sessionId }: NamesSession): Promise<Target | null> {
    const session = await em.findOne(SessionRow, { id: sessionId })
    const account = session === null ? null : await accountTarget.find(em, { userId: session.userId })
    return account === null ? null : { ...account, type: 'session', id: sessionId, visibleWith: 'sessions.get' }
  },
} satisfies TargetFinder<NamesSession>

/** The same to end it. */
export const endedSessionTarget = {
  type: 'session',
  async find(em: SqlEntityManager, input: NamesSession): Promise<Target | null> {
    const target = await sessionTarget.find(em, input)
    if (target?.userId === null || target === null) return null
    return { ...target, accountGrants: await loadGrants(em, target.userId, target.organizationId) }
  },
} satisfies TargetFinder<NamesSession>

/** The user who is meant. The operator of the machine has no sessions, and has to say whose. */
export function namedOwnerOrCaller(actor: Actor, input: { readonly userId?: UserId | undefined }): UserId {
  const userId = namedUserOrCaller(actor, input)
  if (userId === null) throw invalidInput({ issues: [{ path: 'userId', message: 'say whose sessions: you have none of your own' }] })
  return userId
}
