import { defineCommand } from '../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import { notFound, ownSessionRequired, unauthenticated } from '../kernel/errors.ts'
import { signedIn } from '../kernel/rule.ts'
import { LoginAttemptRow } from '../login-history/entity.ts'
import { callerLocked, existingUser, type UserId, changedNamedOrOwnAccountTarget, namedUserOrCaller } from '../users/index.ts'
import { SessionRow } from './entity.ts'
import type { SessionId } from './model.ts'
import { endSessions, type Ended } from './repository.ts'
import { sessionsSignatures } from './signatures.ts'
import { endedSessionTarget, mayEndSessions } from './target.ts'

export const endSession = defineCommand(sessionsSignatures.end, {
  allow: mayEndSessions,
  takesPrecedence: 'everywhere',
  target: endedSessionTarget,
  /** The owner never changes; the user's row is locked before the session's, as everywhere. */
  prepare: async ({ reader }: PrepareContext, { sessionId }) => (await reader.findOne(SessionRow, { id: sessionId }))?.userId ?? null,
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, { sessionId }, userId) {
    if (userId === null) throw notFound({ type: 'session' })
    return endAndRecord(context, { userId, sessionId })
  },
})

export const endAllSessions = defineCommand(sessionsSignatures.endAll, {
  allow: mayEndSessions,
  takesPrecedence: 'everywhere',
  target: changedNamedOrOwnAccountTarget,
  handle: (context, input) => endAndRecord(context, { userId: namedUserOrCaller(context.actor, input) }),
})

/** Only for one's own session: it says which session to keep. */
export const endOtherSessions = defineCommand(sessionsSignatures.endOthers, {
  allow: signedIn,
  takesPrecedence: 'everywhere',
  target: callerLocked,
  handle(context) {
    const { actor } = context
    if (actor.kind !== 'user') throw unauthenticated({})
    const { userId, sessionId, impersonator } = actor.principal
    if (sessionId === null || impersonator !== null) throw ownSessionRequired({})
    return endAndRecord(context, { userId, except: sessionId })
  },
})

interface SessionsToEnd {
  readonly userId: UserId
  readonly sessionId?: SessionId
  readonly except?: SessionId
}

/** Ends sessions, everywhere at once, and records each in the login history. */
async function endAndRecord(context: CommandContext, which: SessionsToEnd): Promise<Ended> {
  const { em, now } = context
  const { userId, sessionId } = which
  const { username } = await existingUser(em, userId)
  const by = endedByOther(context, userId)
  const running = await em.find(SessionRow, { userId, endedAt: null, expiresAt: { $gt: now }, ...whereOf(which) }, { fields: ['id'] })
  const ended = await endSessions(em, { ...which, by, keepApiTokens: true }, 'ended', now)
  for (const { id } of running) recordEnd(context, { sessionId: id, userId, username, by })
  // Impersonations that were begun in them end too, and are not counted.
  const nothing = sessionId !== undefined && ended.sessionsEnded + ended.tokensEnded === 0
  if (!nothing) context.invalidate(sessionId ?? userId, { when: 'now', ...ended })
  return ended
}

function whereOf({ sessionId, except }: SessionsToEnd) {
  return sessionId !== undefined ? { id: sessionId } : except !== undefined ? { id: { $ne: except } } : {}
}

/** Who ends them, if not the user; null also for the operator of the machine, who has no account. */
function endedByOther({ actor }: CommandContext, userId: UserId): UserId | null {
  if (actor.kind !== 'user') return null
  const who = actor.principal.impersonator?.userId ?? actor.principal.userId
  return who === userId ? null : who
}

interface EndedSession {
  readonly sessionId: SessionId
  readonly userId: UserId
  readonly username: string
  readonly by: UserId | null
}

function recordEnd({ em, newId, now, origin, emit }: CommandContext, { sessionId, userId, username, by }: EndedSession): void {
  const { ip, userAgent } = origin
  em.persist(
    em.create(LoginAttemptRow, {
      id: newId('lat'),
      at: now,
      identifier: username,
      userId,
      sessionId,
      actorId: by,
      outcome: 'revoked',
      method: 'none',
      ip,
      userAgent,
    }),
  )
  emit({ type: 'sessions.ended', subject: userId, organizationId: null, payload: { userId, sessionId, endedBy: by } })
}
