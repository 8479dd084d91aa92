import { assignRole, builtInRoles, currentAssignment } from '../../access/index.ts'
import { callerId, type CommandContext } from '../../kernel/context.ts'
import { endImpersonations } from '../../sessions/index.ts'
import { notPromotable, type UserRow } from '../../users/index.ts'
import { keepASuperadmin } from '../guards.ts'

const roleId = builtInRoles.superadmin.id

/**
 * Makes a user, whose row is locked, a superadmin for good. One who was it for a
 * while only is it for good from now on; what was said before stays in the history.
 */
export async function promote(context: CommandContext, user: UserRow): Promise<'Promoted' | 'AlreadyAdmin'> {
  const { em, now, newId } = context
  const current = await currentAssignment(em, user.id, roleId)
  if (current !== null && current.validFrom <= now && current.validUntil === null && current.condition === null) return 'AlreadyAdmin'
  const because = obstacleTo(user)
  if (because !== null) throw notPromotable({ because })
  if (current !== null) {
    Object.assign(current, { revokedAt: now, revokedBy: callerId(context.actor) })
    await em.flush() // the index knows one current row; MikroORM would insert before it updates
  }
  assignRole(em, { id: newId('asg'), userId: user.id, roleId, grantedBy: callerId(context.actor), now })
  context.refresh(user.id)
  context.emit({ type: 'users.promoted', subject: user.id, organizationId: null, payload: { userId: user.id } })
  return 'Promoted'
}

/** Takes the role from a user whose row is locked, also where it would only begin later. */
export async function demote(context: CommandContext, user: UserRow): Promise<'Demoted' | 'NotAdmin'> {
  const { em, now } = context
  const current = await currentAssignment(em, user.id, roleId)
  if (current === null || (current.validUntil !== null && current.validUntil <= now)) return 'NotAdmin'
  await keepASuperadmin(context, user.id)
  Object.assign(current, { revokedAt: now, revokedBy: callerId(context.actor) })
  await endImpersonations(em, user.id, now)
  context.revoke({ userId: user.id })
  context.emit({ type: 'users.demoted', subject: user.id, organizationId: null, payload: { userId: user.id } })
  return 'Demoted'
}

/**
 * A superadmin is a person who may act now. Whoever may not would have the role
 * lie in wait for them; a program has nobody who answers for it, and would count
 * as the superadmin that every installation keeps, while nobody can sign in as it.
 */
function obstacleTo({ kind, status, grantsFrozenAt }: UserRow): string | null {
  if (kind !== 'human') return `this user is ${kind === 'service' ? 'a program' : 'anonymous'}`
  if (status !== 'active') return `this user is ${status}`
  return grantsFrozenAt === null ? null : 'the grants of this user are frozen'
}
