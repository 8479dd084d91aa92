import { change } from '../../kernel/row.ts'
import { callerId } from '../../kernel/actor.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { endSessions } from '../../sessions/index.ts'
import { isActing, type UserRow, type UserStatus } from '../../users/index.ts'
import { revokeVerifications } from '../../verifications/index.ts'
import { ensureAnotherSuperadmin } from '../../access/index.ts'
import { rememberHold, requireNoHold } from '../operator-holds.ts'
import { rememberStatus } from './remember-status.ts'

interface StatusChange {
  readonly because: 'userStatus' | 'archived' | 'contained'
  /** The permission that lets the actor do it. */
  readonly permission: string
}

interface Ended {
  readonly sessionsEnded: number
  readonly tokensEnded: number
}

/**
 * Changes a user's status. If the user may not act in it, every session and
 * token ends at once, and every link that was mailed is void. Refuses for the last active superadmin, and to give back what an administrator
 * took away.
 */
export async function changeStatus(
  context: CommandContext,
  user: UserRow,
  status: UserStatus,
  { because, permission }: StatusChange,
): Promise<Ended> {
  const { em, now } = context
  const acting = isActing(status)
  if (user.status === 'archived') requireNoHold(context, user, 'archive', permission)
  else if (acting && !isActing(user.status)) requireNoHold(context, user, 'status', permission)
  if (isActing(user.status) && !acting) await ensureAnotherSuperadmin(context, user.id)
  const before = user.status
  if (before !== status) await rememberStatus(context, user)
  change(user, { status, statusChangedAt: now, statusChangedBy: callerId(context.actor), updatedAt: now })
  const isArchiving = [before, status].includes('archived')
  rememberHold(context, user, {
    hold: isArchiving ? 'archive' : 'status',
    isHeld: isArchiving ? status === 'archived' : !acting,
    permission,
  })
  const ended = acting ? { sessionsEnded: 0, tokensEnded: 0 } : await endSessions(em, { userId: user.id }, because, now)
  if (!acting) {
    // Links and codes that were mailed before must not work when the user may act again.
    await revokeVerifications(context, user.id)
    context.invalidate(user.id, { when: 'now', ...ended })
  }
  if (before !== status)
    context.emit({
      type: 'users.statusChanged',
      subject: user.id,
      organizationId: null,
      payload: { userId: user.id, before, status },
    })
  return ended
}
