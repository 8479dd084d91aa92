import type { SqlEntityManager } from '@mikro-orm/sql'
import { builtInRoles } from '../../grants/index.ts'
import { callerId } from '../../kernel/actor.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { idOf, uuidOf, type Id } from '../../kernel/id.ts'
import { mayActFrom } from '../../kernel/network.ts'
import { change } from '../../kernel/row.ts'
import { lastSuperadmin, notPromotable, type UserId, type UserRow } from '../../users/index.ts'
import { assignEverywhere, currentAssignmentEverywhere } from './everywhere.ts'

const roleId = builtInRoles.superadmin.id

/**
 * Throws `users.lastSuperadmin` if the user is a superadmin, and no other one could act from where the caller is. Those who are limited to
 * other addresses do not count: whether anybody can call from there, nobody here knows. Takes the lock.
 */
export async function ensureAnotherSuperadmin({ em, now, origin }: CommandContext, userId: UserId): Promise<void> {
  await lockSuperadmins(em)
  const all = await activeSuperadmins(em, now)
  const isOne = all.some(({ id }) => id === userId)
  if (isOne && !all.some(({ id, allowedIps }) => id !== userId && mayActFrom(allowedIps, origin))) throw lastSuperadmin({})
}

/** Takes the lock that serializes every change which could leave the installation without a superadmin. */
export async function lockSuperadmins(em: SqlEntityManager): Promise<void> {
  await em.execute('select 1 from roles where id = ? for no key update', [uuidOf(roleId)])
}

/** Whether the role superadmin was ever assigned. Call it under `lockSuperadmins` to rely on a no. */
export async function hadSuperadmin(em: SqlEntityManager): Promise<boolean> {
  const rows = await em.execute<unknown[]>('select 1 from role_assignments where role_id = ? limit 1', [uuidOf(roleId)])
  return rows.length > 0
}

interface ActiveSuperadmin {
  readonly id: Id<'usr'>
  readonly allowedIps: readonly string[]
}

/** Active superadmins without an end or a condition. Call it under `lockSuperadmins`. */
async function activeSuperadmins(em: SqlEntityManager, now: Date): Promise<readonly ActiveSuperadmin[]> {
  const rows = await em.execute<{ id: string; networks: string }[]>(
    `select distinct u.id::text as id, array_to_json(u.allowed_ips)::text as networks from role_assignments a join users u on u.id = a.user_id
      where a.role_id = ? and a.scope_kind = 'system' and a.revoked_at is null
        and a.valid_from <= ? and a.valid_until is null and a.condition is null and u.status = 'active' and u.grants_frozen_at is null`,
    [uuidOf(roleId), now],
  )
  return rows.map(({ id, networks }) => ({ id: idOf('usr', id), allowedIps: JSON.parse(networks) as string[] }))
}

/**
 * Makes a user, whose row is locked, a superadmin without an end. A superadmin for a limited time becomes one
 * without an end; the earlier assignment stays in the history.
 */
export async function promote(context: CommandContext, user: UserRow): Promise<'promoted' | 'alreadyAdmin'> {
  const { em, now, newId } = context
  const current = await currentAssignmentEverywhere(em, user.id, roleId)
  if (current !== null && current.validFrom <= now && current.validUntil === null && current.condition === null) return 'alreadyAdmin'
  requirePromotable(user)
  if (current !== null) {
    change(current, { revokedAt: now, revokedBy: callerId(context.actor) })
    await em.flush() // the index knows one current row; MikroORM would insert before it updates
  }
  assignEverywhere(em, { id: newId('asg'), userId: user.id, roleId, grantedBy: callerId(context.actor), now })
  context.invalidate(user.id, { when: 'soon' })
  emitPromoted(context, user.id)
  return 'promoted'
}

/** Revokes the role of a user whose row is locked, even if it only begins later. */
export async function demote(context: CommandContext, user: UserRow): Promise<'demoted' | 'notAdmin'> {
  const { em, now } = context
  const current = await currentAssignmentEverywhere(em, user.id, roleId)
  if (current === null || (current.validUntil !== null && current.validUntil <= now)) return 'notAdmin'
  await ensureAnotherSuperadmin(context, user.id)
  change(current, { revokedAt: now, revokedBy: callerId(context.actor) })
  context.invalidate(user.id, { when: 'now' })
  emitDemoted(context, user.id)
  return 'demoted'
}

/** One event for every way to become a superadmin. */
export function emitPromoted(context: CommandContext, userId: UserId): void {
  context.emit({ type: 'users.promoted', subject: userId, organizationId: null, payload: { userId } })
}

export function emitDemoted(context: CommandContext, userId: UserId): void {
  context.emit({ type: 'users.demoted', subject: userId, organizationId: null, payload: { userId } })
}

/** Throws `users.notPromotable` unless the user may become a superadmin, for whatever time. */
export function requirePromotable(user: UserRow): void {
  const because = obstacleTo(user)
  if (because !== null) throw notPromotable({ because })
}

/**
 * A superadmin is a person with an active account. With a suspended account the role would only lie in wait; a
 * program has no person who answers for it, and would count as the last superadmin while nobody can sign in as it.
 */
function obstacleTo({ kind, status, grantsFrozenAt }: UserRow): string | null {
  if (kind !== 'human') return `this user is ${kind === 'service' ? 'a program' : 'anonymous'}`
  if (status !== 'active') return `this user is ${status}`
  return grantsFrozenAt === null ? null : 'the grants of this user are frozen'
}
