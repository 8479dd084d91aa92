import { raw, sql, type RawQueryFragment, type SqlEntityManager } from '@mikro-orm/sql'
import { builtInRoles } from '../../grants/index.ts'
import { loadRoles, patternsIn } from '../facts/roles.ts'
import { RoleRow } from './entity.ts'
import type { Role, RoleId } from '../model.ts'
import type { BuiltInRoleName } from '../../grants/model.ts'
import type { TargetFinder } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOf, idOrNull, uuidOf } from '../../kernel/id.ts'
import type { Target } from '../../kernel/rule.ts'
import { organizationInactive, OrganizationRow, type OrganizationId } from '../../organizations/index.ts'
import { builtInRole } from './errors.ts'

/** Finds the organization whose roles are meant; an archived one is not found. Without one: the installation. */
export const tenantTarget = {
  type: 'organization',
  async find(em: SqlEntityManager, { organizationId }: { organizationId?: OrganizationId | undefined }) {
    if (organizationId === undefined) return undefined
    const found = await findReachable(em, organizationId)
    return found === null ? null : targetOf('organization', organizationId, organizationId, 'organizations.get')
  },
} satisfies TargetFinder<{ organizationId?: OrganizationId | undefined }>

/** Finds a role. Deleted roles and those of an archived organization are not found. */
export const roleTarget = {
  type: 'role',
  async find(em: SqlEntityManager, { roleId }: { roleId: RoleId }): Promise<Target | null> {
    const role = await findRole(em, roleId)
    return role === null ? null : targetOf('role', roleId, role.organizationId, 'roles.get')
  },
} satisfies TargetFinder<{ roleId: RoleId }>

function targetOf(type: string, id: string, organizationId: OrganizationId | null, visibleWith: string): Target {
  return { type, id, organizationId, userId: null, visibleWith }
}

function findReachable(em: SqlEntityManager, organizationId: OrganizationId): Promise<OrganizationRow | null> {
  return em.findOne(OrganizationRow, { id: organizationId, status: { $ne: 'archived' } })
}

async function findRole(em: SqlEntityManager, roleId: RoleId): Promise<RoleRow | null> {
  const role = await em.findOne(RoleRow, { id: roleId, deletedAt: null }, { refresh: true })
  if (role === null || role.organizationId === null) return role
  return (await findReachable(em, role.organizationId)) === null ? null : role
}

/** Throws unless the organization is active. An archived one is not found. */
export async function requireActiveTenant(em: SqlEntityManager, organizationId: OrganizationId | null): Promise<void> {
  if (organizationId === null) return
  const organization = await findReachable(em, organizationId)
  if (organization === null) throw notFound({ type: 'organization' })
  if (organization.status !== 'active') throw organizationInactive({ status: organization.status })
}

/** Throws unless the organization exists: an actor who may do everything everywhere gets to the handler even without one. */
export async function requireTenant(em: SqlEntityManager, organizationId: OrganizationId | null): Promise<void> {
  if (organizationId !== null && (await findReachable(em, organizationId)) === null) throw notFound({ type: 'organization' })
}

/** A role that exists. */
export async function existingRole(em: SqlEntityManager, roleId: RoleId): Promise<RoleRow> {
  const role = await findRole(em, roleId)
  if (role === null) throw notFound({ type: roleTarget.type })
  return role
}

/** Locks a role, so that nobody else changes, deletes or assigns it until the transaction ends. Throws for built-in roles. */
export async function lockedRole(em: SqlEntityManager, roleId: RoleId): Promise<RoleRow> {
  await em.execute('select 1 from roles where id = ? for no key update', [uuidOf(roleId)])
  const role = await existingRole(em, roleId)
  if (role.builtIn) throw builtInRole({ role: role.name })
  await requireActiveTenant(em, role.organizationId)
  return role
}

interface RoleRecord {
  readonly id: string
  readonly organization: string | null
  readonly name: string
  readonly description: string | null
  readonly built_in: boolean
  readonly permissions: string | null
  readonly includes: string | null
  readonly version: number
  readonly created_at: number
  readonly updated_at: number
}

/** SQL columns of `roles r`. */
const shown = `r.id::text as id, r.organization_id::text as organization, r.name, r.description, r.built_in, r.version,
  (select json_agg(p.permission)::text from role_permissions p where p.role_id = r.id and p.revoked_at is null) as permissions,
  (select json_agg(json_build_object('id', i.id, 'name', i.name) order by i.name, i.id)::text from role_inclusions n join roles i on i.id = n.included_id
    where n.role_id = r.id and n.removed_at is null) as includes,
  (extract(epoch from r.created_at) * 1000)::float8 as created_at, (extract(epoch from r.updated_at) * 1000)::float8 as updated_at`

/** Selects roles as output, in the order of the SQL. */
export async function selectRoles(em: SqlEntityManager, rest: RawQueryFragment): Promise<Role[]> {
  const rows = await em.execute<RoleRecord[]>(sql`select ${raw(shown)} from roles r ${rest}`)
  return rows.map(roleOf)
}

function roleOf({ id, organization, name, description, built_in: builtIn, permissions, includes, ...row }: RoleRecord): Role {
  const own = builtIn ? builtInRoles[name as BuiltInRoleName].permissions : (JSON.parse(permissions ?? '[]') as string[])
  const included = JSON.parse(includes ?? '[]') as { id: string; name: string }[]
  return {
    id: idOf('rol', id),
    organizationId: idOrNull('org', organization),
    name,
    description,
    builtIn,
    permissions: [...own].sort(),
    includes: included.map((role) => ({ id: idOf('rol', role.id), name: role.name })),
    version: row.version,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  }
}

/** A role as output. */
export async function shownRole(em: SqlEntityManager, roleId: RoleId): Promise<Role> {
  const [role] = await selectRoles(em, sql`where r.id = ${uuidOf(roleId)} and r.deleted_at is null`)
  if (role === undefined) throw notFound({ type: roleTarget.type })
  return role
}

/** The permission patterns of roles, with those of included roles. */
export async function patternsBy(em: SqlEntityManager, roleIds: readonly RoleId[]): Promise<ReadonlyMap<RoleId, readonly string[]>> {
  const graph = await loadRoles(em, { ids: roleIds.map(uuidOf) })
  return new Map(roleIds.map((id) => [id, patternsIn(graph, uuidOf(id))]))
}

/** A change of permissions or inclusions is a new version of the role. */
export async function bumpVersion({ em, now }: Pick<CommandContext, 'em' | 'now'>, roleId: RoleId): Promise<void> {
  await em.execute('update roles set version = version + 1, updated_at = ? where id = ?', [now, uuidOf(roleId)], 'run')
}
