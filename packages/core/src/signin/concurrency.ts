import type { CommandContext } from '../kernel/context.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import { endSessions } from '../sessions/index.ts'
import type { UserRow } from '../users/index.ts'
import { noteAttempt } from './attempts.ts'
import { tooManySessions } from './errors.ts'
import type { Opening } from './opening.ts'

/**
 * Makes room for one more session where only so many are allowed: by refusing it,
 * or by ending the oldest. The user's row is locked, so that of many who sign in at
 * once each counts the ones before.
 */
export async function makeRoom(context: CommandContext, user: UserRow, opening: Opening): Promise<void> {
  const { em, now, settings } = context
  const { maxSessions, sessionExcess } = settings
  if (maxSessions === null) return
  const running = await em.execute<{ id: string }[]>(
    `select id::text from sessions where user_id = ? and ended_at is null and expires_at > ? and impersonator_id is null order by id`,
    [uuidOf(user.id), now],
  )
  const excess = running.length - maxSessions + 1
  if (excess <= 0) return
  if (sessionExcess === 'refuse' || maxSessions === 0) {
    noteAttempt(context, { ...opening, userId: user.id, outcome: 'tooManySessions' })
    context.refuse(tooManySessions({ most: maxSessions }))
  }
  for (const { id } of running.slice(0, excess)) {
    const sessionId = idOf('ses', id)
    const ended = await endSessions(em, { userId: user.id, sessionId }, 'evicted', now)
    context.revoke({ userId: user.id, sessionId, ...ended })
    noteAttempt(context, { ...opening, userId: user.id, outcome: 'evicted', sessionId })
  }
}
