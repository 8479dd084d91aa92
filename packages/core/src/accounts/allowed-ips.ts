import { ensureAnotherSuperadmin } from '../access/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { mayActFrom } from '../kernel/network.ts'
import { change } from '../kernel/row.ts'
import { wouldLockOut, type UserRow } from '../users/index.ts'
import { addressNotice } from './address-notice.ts'
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
  const isOwn = actor.principal.userId === user.id
  if (isOwn) requireRecentAuth(context)
  if (mayActFrom(allowedIps, origin)) return
  if (isOwn && !force) throw wouldLockOut({ address: origin.ip })
  await ensureAnotherSuperadmin(context, user.id)
}

/** Tells the owner that their account is limited to other addresses than before. */
export function tellNewLimit({ actor, enqueue, ports }: CommandContext, { id, email }: UserRow): void {
  if (email === null || !ports.mailer.isConfigured) return
  const isOperator = actor.kind !== 'user' || actor.principal.userId !== id
  enqueue(addressNotice(id, email, isOperator ? 'limitedByOperator' : 'limited'))
}

/**
 * Lets the user act from anywhere again, when they reset their password by a mail: whoever took the account may have set the limit to
 * keep its owner out. Whoever has the mailbox gets no more by that than a password. What has to hold whatever users do
 * is a condition of assignments (`condition.networks`), which stays.
 */
export function liftLimit(context: CommandContext, user: UserRow): void {
  if (user.allowedIps.length === 0) return
  change(user, { allowedIps: [], updatedAt: context.now })
  const payload = { userId: user.id, fields: ['allowedIps'] }
  context.emit({ type: 'users.updated', subject: user.id, organizationId: null, payload })
  context.invalidate(user.id, { when: 'now' })
}
