import { isGrantedEverywhere } from '../kernel/actor.ts'
import { ensureAnotherSuperadmin } from '../access/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { mayActFrom } from '../kernel/network.ts'
import { change } from '../kernel/row.ts'
import { lockedByOperator, wouldLockOut, type UserRow } from '../users/index.ts'
import { queueAccountNotice } from './account-notice.ts'
import { requireRecentAuth } from './recent-auth.ts'

/**
 * Throws unless the caller may limit an account (row locked) to these addresses. One's own account needs a recent authentication: a session
 * that was left open or stolen must not be enough to lock its owner out.
 * @param force also if they exclude the one that the caller calls from: of the last superadmin who can act from there never.
 */
export async function requireMayChangeAllowedIps(
  context: CommandContext,
  user: UserRow,
  allowedIps: readonly string[],
  { force }: { readonly force: boolean },
): Promise<void> {
  const { actor, origin } = context
  if (actor.kind !== 'user') return
  if (user.limitedBy === 'operator' && !isGrantedEverywhere(actor, permission)) throw lockedByOperator({})
  const isOwn = actor.principal.userId === user.id
  if (isOwn) requireRecentAuth(context)
  if (mayActFrom(allowedIps, origin)) return
  if (isOwn && !force) throw wouldLockOut({ address: origin.ip })
  await ensureAnotherSuperadmin(context, user.id)
}

/** Who sets the allowed addresses of an account, as its row says it; null: it may be used from anywhere. */
export function allowedIpsSetter({ actor }: CommandContext, { id }: UserRow, allowedIps: readonly string[]): UserRow['limitedBy'] {
  if (allowedIps.length === 0) return null
  if (actor.kind === 'user' && actor.principal.userId === id) return 'owner'
  return isGrantedEverywhere(actor, permission) ? 'operator' : 'organization'
}

const permission = 'users.update'

/** Tells the owner that their account is limited to other addresses than before. */
export function notifyAllowedIpsChanged(context: CommandContext, user: UserRow): void {
  const { actor } = context
  const isOperator = actor.kind !== 'user' || actor.principal.userId !== user.id
  queueAccountNotice(context, user, isOperator ? 'limitedByOperator' : 'limited')
}

/**
 * Lets the user act from anywhere again, when they reset their password by a mail: whoever took the account may have set the limit to
 * keep its owner out. What an operator or an organization set stays. The owner is told.
 */
export function clearAllowedIps(context: CommandContext, user: UserRow): void {
  if (user.allowedIps.length === 0 || !hasOwnAllowedIps(user)) return
  change(user, { allowedIps: [], limitedBy: null, updatedAt: context.now })
  const payload = { userId: user.id, fields: ['allowedIps'] }
  context.emit({ type: 'users.updated', subject: user.id, organizationId: null, payload })
  context.invalidate(user.id, { when: 'now' })
  queueAccountNotice(context, user, 'lifted')
}

/** Whether an account's allowed addresses were set by whoever had it, as far as is known. */
export function hasOwnAllowedIps({ limitedBy }: UserRow): boolean {
  return limitedBy === null || limitedBy === 'owner'
}
