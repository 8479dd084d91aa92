import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Id } from '../kernel/id.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import type { Holding } from '../kernel/rule.ts'
import { MembershipRow } from '../organizations/entity.ts'
import { builtInRoles, organizationRoles } from './builtin.ts'
import { RoleAssignmentRow, RolePermissionRow, RoleRow } from './entity.ts'
import type { BuiltInRoleName, RoleId } from './model.ts'

interface Assignment {
  readonly id: Id<'asg'>
  readonly userId: Id<'usr'>
  readonly roleId: RoleId
  readonly grantedBy: Id<'usr'> | null
  readonly now: Date
}

/** Gives a user a role everywhere, from now on and until it is revoked. */
export function assignRole(em: SqlEntityManager, { id, userId, roleId, grantedBy, now }: Assignment): RoleAssignmentRow {
  const row = em.create(RoleAssignmentRow, {
    id,
    subjectKind: 'user',
    userId,
    roleId,
    scopeKind: 'system',
    organizationId: null,
    validFrom: now,
    validUntil: null,
    condition: null,
    grantedBy,
    grantedAt: now,
    revokedBy: null,
    revokedAt: null,
  })
  em.persist(row)
  return row
}

/** Makes a custom role that grants nothing yet. */
export function createRole(em: SqlEntityManager, role: { id: RoleId; name: string; description: string | null; now: Date }): RoleRow {
  const row = em.create(RoleRow, {
    id: role.id,
    organizationId: null,
    name: role.name,
    description: role.description,
    builtIn: false,
    createdAt: role.now,
  })
  em.persist(row)
  return row
}

/** The roles of these names that are valid everywhere, built-in or not. */
export function findRoles(em: SqlEntityManager, names: readonly string[]): Promise<RoleRow[]> {
  return em.find(RoleRow, { organizationId: null, name: { $in: [...names] } })
}

/** Which of the custom roles grant anything by now. */
export async function rolesThatGrant(em: SqlEntityManager, ids: readonly RoleId[]): Promise<ReadonlySet<RoleId>> {
  const rows = await em.find(RolePermissionRow, { roleId: { $in: [...ids] } }, { fields: ['roleId'] })
  return new Set(rows.map(({ roleId }) => roleId))
}

/** Takes the guard of the rule about the last superadmin: whoever may break it waits here. */
export async function lockSuperadmins(em: SqlEntityManager): Promise<void> {
  await em.execute('select 1 from roles where id = ? for no key update', [uuidOf(builtInRoles.superadmin.id)])
}

/** Whether the role of superadmin was ever given to anybody. Call it under `lockSuperadmins` to rely on a no. */
export async function hadSuperadmin(em: SqlEntityManager): Promise<boolean> {
  const rows = await em.execute<unknown[]>('select 1 from role_assignments where role_id = ? limit 1', [uuidOf(builtInRoles.superadmin.id)])
  return rows.length > 0
}

/** Who may do everything, for good, and act: two of them at the most, for that is all anybody needs to know. Call it under `lockSuperadmins`. */
export async function activeSuperadmins(em: SqlEntityManager, now: Date): Promise<Id<'usr'>[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select distinct u.id::text as id from role_assignments a join users u on u.id = a.user_id
      where a.role_id = ? and a.scope_kind = 'system' and a.revoked_at is null
        and a.valid_from <= ? and a.valid_until is null and u.status = 'active' and u.grants_frozen_at is null
      limit 2`,
    [uuidOf(builtInRoles.superadmin.id), now],
  )
  return rows.map(({ id }) => idOf('usr', id))
}

/**
 * What a user holds everywhere, and as a member of one organization: what whoever
 * acts on the account must hold too. Frozen grants count: they can be released.
 */
export async function holdingsOf(em: SqlEntityManager, userId: Id<'usr'>, organizationId: Id<'org'> | null): Promise<Holding[]> {
  const rows = await em.execute<{ name: string; built_in: boolean; permissions: string | null }[]>(
    `select r.name, r.built_in, (select json_agg(p.permission)::text from role_permissions p where p.role_id = r.id) as permissions
      from role_assignments a join roles r on r.id = a.role_id
      where a.user_id = ? and a.scope_kind = 'system' and a.revoked_at is null and (a.valid_until is null or a.valid_until > now())`,
    [uuidOf(userId)],
  )
  const everywhere = rows.map(({ name, built_in, permissions }) => ({
    organizationId: null,
    permissions: built_in ? builtInRoles[name as BuiltInRoleName].permissions : (JSON.parse(permissions ?? '[]') as string[]),
  }))
  if (organizationId === null) return everywhere
  const membership = await em.findOne(MembershipRow, { organizationId, userId })
  return membership === null ? everywhere : [...everywhere, { organizationId, permissions: organizationRoles[membership.role].permissions }]
}

/** Whether a user holds a role everywhere, from now on. */
export function currentAssignment(em: SqlEntityManager, userId: Id<'usr'>, roleId: RoleId): Promise<RoleAssignmentRow | null> {
  return em.findOne(RoleAssignmentRow, { userId, roleId, scopeKind: 'system', revokedAt: null })
}
