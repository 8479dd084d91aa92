import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Id } from '../kernel/id.ts'
import { idOf, uuidOf, uuidsOf } from '../kernel/id.ts'
import { builtInRoles } from '../grants/index.ts'
import { RoleAssignmentRow, RoleRow } from './entity.ts'
import type { RoleId } from './model.ts'

interface Assignment {
  readonly id: Id<'asg'>
  readonly userId: Id<'usr'>
  readonly roleId: RoleId
  readonly grantedBy: Id<'usr'> | null
  /** The identity provider that gives it. */
  readonly provider?: string | null
  readonly now: Date
}

/** Gives a user a role everywhere, from now on and until it is revoked. */
export function assignRole(em: SqlEntityManager, { id, userId, roleId, grantedBy, provider = null, now }: Assignment): RoleAssignmentRow {
  const row = em.create(RoleAssignmentRow, {
    id,
    subjectKind: 'user',
    userId,
    teamId: null,
    teamOrganizationId: null,
    roleId,
    permission: null,
    scopeKind: 'system',
    organizationId: null,
    scopeTeamId: null,
    resourceId: null,
    validFrom: now,
    validUntil: null,
    condition: null,
    grantedBy,
    grantedAt: now,
    provider,
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
    version: 1,
    createdAt: role.now,
    updatedAt: role.now,
    deletedAt: null,
  })
  em.persist(row)
  return row
}

/** The roles of these names that are valid everywhere, built-in or not. */
export function findRoles(em: SqlEntityManager, names: readonly string[]): Promise<RoleRow[]> {
  return em.find(RoleRow, { organizationId: null, deletedAt: null, name: { $in: [...names] } })
}

/** Which of the custom roles grant anything by now, themselves or by what they include. */
export async function rolesThatGrant(em: SqlEntityManager, ids: readonly RoleId[]): Promise<ReadonlySet<RoleId>> {
  const rows = await em.execute<{ id: string }[]>(
    `select r.id::text as id from roles r where r.id = any(?::uuid[]) and exists (
      select 1 from (select r.id as id union all select c.included_id from role_closure c where c.role_id = r.id) i join roles x on x.id = i.id
        where x.built_in or exists (select 1 from role_permissions p where p.role_id = x.id and p.revoked_at is null))`,
    [uuidsOf(ids)],
  )
  return new Set(rows.map(({ id }) => idOf('rol', id)))
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

/** Who may do everything, for good, wherever they are, and act: two of them at the most, for that is all anybody needs to know. Call it under `lockSuperadmins`. */
export async function activeSuperadmins(em: SqlEntityManager, now: Date): Promise<Id<'usr'>[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select distinct u.id::text as id from role_assignments a join users u on u.id = a.user_id
      where a.role_id = ? and a.scope_kind = 'system' and a.revoked_at is null
        and a.valid_from <= ? and a.valid_until is null and a.condition is null and u.status = 'active' and u.grants_frozen_at is null
      limit 2`,
    [uuidOf(builtInRoles.superadmin.id), now],
  )
  return rows.map(({ id }) => idOf('usr', id))
}

/** Whether a user holds a role everywhere, from now on. */
export function currentAssignment(em: SqlEntityManager, userId: Id<'usr'>, roleId: RoleId): Promise<RoleAssignmentRow | null> {
  return em.findOne(RoleAssignmentRow, { userId, roleId, scopeKind: 'system', revokedAt: null })
}
