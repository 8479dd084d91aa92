import { ensureAnotherSuperadmin } from '../access/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { mayActFrom } from '../kernel/network.ts'
import { change } from '../kernel/row.ts'
import { lockedByOperator, wouldLockOut, type UserRow } from '../users/index.ts'
import { addressNotice } from './address-notice.ts'
import { actsAsOperator } from './operator-holds.ts'
import { requireRecentAuth } from './recent-auth.ts'

/**
 * Whether an account (row locked) may be limited to these addresses by the caller. One's own account by a fresh proof only: a session that
 * was left open or stolen must not be enough to lock its owner out.
 * @param force also if they exclude the one that the caller calls from: of the last superadmin who can act from there never.
 */
export async function checkNewLimit(
  context: CommandContext,
  user: UserRow,
  allowedIps: readonly string[],
  { force }: { readonly force: boolean },
): Promise<void> {
  const { actor, origin } = context
  if (actor.kind !== 'user') return
  if (user.limitedBy === 'operator' && !actsAsOperator(actor, permission)) throw lockedByOperator({})
  const isOwn = actor.principal.userId === user.id
  if (isOwn) requireRecentAuth(context)
  if (mayActFrom(allowedIps, origin)) return
  if (isOwn && !force) throw wouldLockOut({ address: origin.ip })
  await ensureAnotherSuperadmin(context, user.id)
}

/** Who sets a new limit, for the account. */
export function whoLimits({ actor }: CommandContext, { id }: UserRow, allowedIps: readonly string[]): UserRow['limitedBy'] {
  if (allowedIps.length === 0) return null
  if (actor.kind === 'user' && actor.principal.userId === id) return 'owner'
  return actsAsOperator(actor, permission) ? 'operator' : 'organization'
}

const permission = 'users.update'

/** Tells the owner that their account is limited to other addresses than before. */
export function tellNewLimit({ actor, enqueue, ports }: CommandContext, { id, email }: UserRow): void {
  if (email === null || !ports.mailer.isConfigured) return
  const isOperator = actor.kind !== 'user' || actor.principal.userId !== id
  enqueue(addressNotice(id, email, isOperator ? 'limitedByOperator' : 'limited'))
}

/**
 * Lets the user act from anywhere again, when they reset their password by a mail: whoever took the account may have set the limit to
 * keep its owner out. What an operator or an organization set stays. The owner is told.
 */
export function liftLimit(context: CommandContext, user: UserRow): void {
  if (user.allowedIps.length === 0 || !isOwners(user)) return
  change(user, { allowedIps: [], limitedBy: null, updatedAt: context.now })
  const payload = { userId: user.id, fields: ['allowedIps'] }
  context.emit({ type: 'users.updated', subject: user.id, organizationId: null, payload })
  context.invalidate(user.id, { when: 'now' })
  if (user.email !== null && context.ports.mailer.isConfigured) context.enqueue(addressNotice(user.id, user.email, 'lifted'))
}

/** Whether whoever had the account set the limit, as far as is known. */
export function isOwners({ limitedBy }: UserRow): boolean {
  return limitedBy === null || limitedBy === 'owner'
}
