import { assignRole, currentAssignment } from '../../access/index.ts'
import { builtInRoles } from '../../grants/index.ts'
import { callerId, type CommandContext } from '../../kernel/context.ts'
import { endImpersonations } from '../../sessions/index.ts'
import { notPromotable, type UserId, type UserRow } from '../../users/index.ts'
import { ensureAnotherSuperadmin } from '../guards.ts'

const roleId = builtInRoles.superadmin.id

/**
 * Makes a user, whose row is locked, a superadmin for good. One who was it for a
 * while only is it for good from now on; what was said before stays in the history.
 */
export async function promote(context: CommandContext, user: UserRow): Promise<'promoted' | 'alreadyAdmin'> {
  const { em, now, newId } = context
  const current = await currentAssignment(em, user.id, roleId)
  if (current !== null && current.validFrom <= now && current.validUntil === null && current.condition === null) return 'alreadyAdmin'
  refuseUnpromotable(user)
  if (current !== null) {
    Object.assign(current, { revokedAt: now, revokedBy: callerId(context.actor) })
    await em.flush() // the index knows one current row; MikroORM would insert before it updates
  }
  assignRole(em, { id: newId('asg'), userId: user.id, roleId, grantedBy: callerId(context.actor), now })
  context.refresh(user.id)
  emitPromoted(context, user.id)
  return 'promoted'
}

/** Takes the role from a user whose row is locked, also where it would only begin later. */
export async function demote(context: CommandContext, user: UserRow): Promise<'demoted' | 'notAdmin'> {
  const { em, now } = context
  const current = await currentAssignment(em, user.id, roleId)
  if (current === null || (current.validUntil !== null && current.validUntil <= now)) return 'notAdmin'
  await ensureAnotherSuperadmin(context, user.id)
  Object.assign(current, { revokedAt: now, revokedBy: callerId(context.actor) })
  await endImpersonations(em, user.id, now)
  context.revoke({ userId: user.id })
  emitDemoted(context, user.id)
  return 'demoted'
}

/** Whoever becomes a superadmin is told of under one name, however that came about. */
export function emitPromoted(context: CommandContext, userId: UserId): void {
  context.emit({ type: 'users.promoted', subject: userId, organizationId: null, payload: { userId } })
}

export function emitDemoted(context: CommandContext, userId: UserId): void {
  context.emit({ type: 'users.demoted', subject: userId, organizationId: null, payload: { userId } })
}

/** Refuses to make somebody a superadmin who must not be one, for good or for a while. */
export function refuseUnpromotable(user: UserRow): void {
  const because = obstacleTo(user)
  if (because !== null) throw notPromotable({ because })
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
