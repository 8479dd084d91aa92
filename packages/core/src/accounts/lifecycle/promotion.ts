import { assignRole, currentAssignment } from '../../access/index.ts'
import { builtInRoles } from '../../grants/index.ts'
import { callerId, type CommandContext } from '../../kernel/context.ts'
import { endImpersonations } from '../../sessions/index.ts'
import { notPromotable, type UserId, type UserRow } from '../../users/index.ts'
import { ensureAnotherSuperadmin } from '../guards.ts'

const roleId = builtInRoles.superadmin.id

/**
 * Makes a user (row locked) a superadmin for good. A temporary
 * superadmin becomes a permanent one; the earlier assignment stays in the history.
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

/** Revokes the role from a user (row locked), also an assignment that begins later. */
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

/** The event is the same however a user became a superadmin. */
export function emitPromoted(context: CommandContext, userId: UserId): void {
  context.emit({ type: 'users.promoted', subject: userId, organizationId: null, payload: { userId } })
}

export function emitDemoted(context: CommandContext, userId: UserId): void {
  context.emit({ type: 'users.demoted', subject: userId, organizationId: null, payload: { userId } })
}

/** Refuses to make a user a superadmin who may not be one, permanently or temporarily. */
export function refuseUnpromotable(user: UserRow): void {
  const because = obstacleTo(user)
  if (because !== null) throw notPromotable({ because })
}

/**
 * A superadmin is a person who may act now. For anybody else the role would
 * lie dormant; a program has nobody responsible for it, and would count
 * as the superadmin that every installation keeps, while nobody can sign in as it.
 */
function obstacleTo({ kind, status, grantsFrozenAt }: UserRow): string | null {
  if (kind !== 'human') return `this user is ${kind === 'service' ? 'a program' : 'anonymous'}`
  if (status !== 'active') return `this user is ${status}`
  return grantsFrozenAt === null ? null : 'the grants of this user are frozen'
}
