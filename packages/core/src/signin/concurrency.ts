import type { CommandContext } from '../kernel/context.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import type { UserLimits } from '../kernel/limits.ts'
import { endSessions } from '../sessions/index.ts'
import type { UserRow } from '../users/index.ts'
import { recordLoginAttempt } from '../login-history/index.ts'
import { tooManySessions } from './errors.ts'
import type { SessionRequest } from './session-request.ts'

type SessionLimits = Pick<UserLimits, 'maxSessions' | 'maxConcurrentLogins' | 'loginExcess'>

/**
 * How many sessions must be evicted for one more, or the limit if it must be
 * refused. The limit on concurrent logins may evict the oldest; the limit on all
 * sessions always refuses. No session is evicted for one that is refused.
 */
export function sessionsToEvict(
  running: number,
  { maxSessions, maxConcurrentLogins: most, loginExcess }: SessionLimits,
): { readonly evicted: number } | { readonly most: number } {
  const excess = most === null ? 0 : Math.max(0, running - most + 1)
  if (most !== null && excess > 0 && (loginExcess === 'refuse' || most === 0)) return { most }
  return maxSessions !== null && running - excess >= maxSessions ? { most: maxSessions } : { evicted: excess }
}

/**
 * Enforces the limits on concurrent sessions for one more: refuses it,
 * or ends the oldest. The user's row is locked, so that of many who sign in at
 * once each counts the ones before. Sessions of impersonators do not count.
 */
export async function enforceSessionLimit(
  context: CommandContext,
  user: UserRow,
  opening: SessionRequest,
  limits: SessionLimits,
): Promise<void> {
  const { em, now } = context
  if (limits.maxSessions === null && limits.maxConcurrentLogins === null) return
  const running = await em.execute<{ id: string }[]>(
    `select id::text from sessions where user_id = ? and ended_at is null and expires_at > ? and impersonator_id is null order by id`,
    [uuidOf(user.id), now],
  )
  const room = sessionsToEvict(running.length, limits)
  if ('most' in room) {
    // An anonymous user is created together with its session, or not at all.
    if (opening.method === 'anonymous') throw tooManySessions(room)
    recordLoginAttempt(context, { ...opening, userId: user.id, outcome: 'tooManySessions' })
    context.refuse(tooManySessions(room))
  }
  for (const { id } of running.slice(0, room.evicted)) {
    const sessionId = idOf('ses', id)
    const ended = await endSessions(em, { userId: user.id, sessionId }, 'evicted', now)
    context.invalidate(sessionId, { when: 'now', ...ended })
    recordLoginAttempt(context, { ...opening, userId: user.id, outcome: 'evicted', sessionId })
  }
}
