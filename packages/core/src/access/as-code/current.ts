import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { AssignmentId, ExclusionId, RoleId } from '../model.ts'
import type { Condition, ScopeKind } from '../../grants/model.ts'
import type { NamedScope, NamedSubject } from './model.ts'
import { resourceName, type NamedRole } from './names.ts'

export interface CurrentRole extends NamedRole {
  readonly description: string | null
  readonly version: number
  readonly permissions: readonly string[]
  readonly includes: readonly RoleId[]
}

export interface CurrentExclusion {
  readonly id: ExclusionId
  readonly name: string
  readonly kind: 'static' | 'dynamic'
  readonly cardinality: number
  readonly version: number
  readonly roles: readonly RoleId[]
}

export interface CurrentAssignment {
  readonly id: AssignmentId
  readonly subject: NamedSubject
  readonly role: NamedRole | null
  readonly permission: string | null
  readonly on: NamedScope
  /** The resource of the scope, if it has a key. */
  readonly resource: { readonly type: string; readonly key: string } | null
  readonly from: number
  readonly until: number | null
  readonly when: Condition | null
  /** Made by an identity provider, which also ends it: documents do not touch it. */
  readonly provided: boolean
}

/** The organization or installation that a document is about. */
export interface Tenant {
  /** null: the installation. */
  readonly organizationId: Id<'org'> | null
  readonly slug: string | null
  /** The organization's UUID; zeros for the installation. */
  readonly uuid: string
}

const zeros = '00000000-0000-0000-0000-000000000000'

/** Finds the tenant of a document by id or slug; null: there is none. */
export async function findTenant(em: SqlEntityManager, organization: string | undefined): Promise<Tenant | null> {
  if (organization === undefined) return { organizationId: null, slug: null, uuid: zeros }
  const byId = organization.includes('_')
  const [row] = await em.execute<{ id: string; slug: string }[]>(
    `select id::text as id, slug from organizations where ${byId ? 'id' : 'slug'} = ? and status <> 'archived'`,
    [byId ? uuidOf(organization) : organization],
  )
  return row === undefined ? null : { organizationId: idOf('org', row.id), slug: row.slug, uuid: row.id }
}

/** JSON objects cannot have these keys, so a document cannot name them. */
const isNameable = (name: string) => `${name} not in ('constructor', 'prototype', '__proto__')`

/** The custom roles of a tenant, by name. */
export async function currentRoles(em: SqlEntityManager, { uuid }: Tenant): Promise<readonly CurrentRole[]> {
  const rows = await em.execute<
    { id: string; name: string; description: string | null; version: number; permissions: string; includes: string }[]
  >(
    `select r.id::text as id, r.name, r.description, r.version,
        (select coalesce(json_agg(p.permission order by p.permission), '[]') from role_permissions p
          where p.role_id = r.id and p.revoked_at is null)::text as permissions,
        (select coalesce(json_agg(i.included_id order by i.included_id), '[]') from role_inclusions i
          where i.role_id = r.id and i.removed_at is null)::text as includes
      from roles r where r.home = ?::uuid and not r.built_in and r.deleted_at is null and ${isNameable('r.name')} order by r.name`,
    [uuid],
  )
  return rows.map(({ id, permissions, includes, ...rest }) => ({
    ...rest,
    id: idOf('rol', id),
    permissions: JSON.parse(permissions) as string[],
    includes: (JSON.parse(includes) as string[]).map((included) => idOf('rol', included)),
  }))
}

/** Roles of others that a tenant may use: the installation's; for the installation itself, the built-in ones. */
export async function sharedRoles(em: SqlEntityManager, { organizationId }: Tenant): Promise<readonly NamedRole[]> {
  const rows = await em.execute<{ id: string; name: string }[]>(
    `select id::text as id, name from roles where home = ?::uuid and deleted_at is null ${organizationId === null ? 'and built_in' : ''} order by name`,
    [zeros],
  )
  return rows.map(({ id, name }) => ({ id: idOf('rol', id), name }))
}

export async function currentExclusions(em: SqlEntityManager, { uuid }: Tenant): Promise<readonly CurrentExclusion[]> {
  const rows = await em.execute<(Omit<CurrentExclusion, 'id' | 'roles'> & { id: string; roles: string })[]>(
    `select e.id::text as id, e.name, e.kind, e.cardinality, e.version,
        (select coalesce(json_agg(m.role_id order by m.role_id), '[]') from role_exclusion_members m join roles r on r.id = m.role_id
          where m.exclusion_id = e.id and r.deleted_at is null)::text as roles
      from role_exclusions e where e.home = ?::uuid and ${isNameable('e.name')} order by e.name`,
    [uuid],
  )
  return rows.map(({ id, roles, ...rest }) => ({
    ...rest,
    id: idOf('exc', id),
    roles: (JSON.parse(roles) as string[]).map((role) => idOf('rol', role)),
  }))
}

interface AssignmentRecord {
  readonly id: string
  readonly user: string | null
  readonly team: string | null
  readonly subject: string
  readonly role: string | null
  readonly role_name: string | null
  readonly permission: string | null
  readonly scope: ScopeKind
  readonly on_team: string | null
  readonly on_team_name: string | null
  readonly on_resource: string | null
  readonly type: string | null
  readonly key: string | null
  readonly begins: number
  readonly ends: number | null
  readonly condition: string | null
  readonly provided: boolean
}

/**
 * The current assignments of a tenant: in an organization, with all its teams and resources; of the installation, on the whole system.
 * Without resources that belong to users, and without the built-in roles that nobody can assign.
 * @param of only those of these subjects; null: of everybody
 */
export async function currentAssignments(
  em: SqlEntityManager,
  tenant: Tenant,
  of: readonly NamedSubject[] | null,
  now: Date,
): Promise<readonly CurrentAssignment[]> {
  const whose = of === null ? 'true' : '(a.user_id = any(?::uuid[]) or a.team_id = any(?::uuid[]))'
  const ids = (kind: NamedSubject['kind']) => uuidsOf((of ?? []).filter((subject) => subject.kind === kind).map(({ id }) => id))
  const where = tenant.organizationId === null ? `a.scope_kind = 'system'` : 'a.organization_id = ?::uuid'
  const rows = await em.execute<AssignmentRecord[]>(
    `select a.id::text as id, a.user_id::text as user, a.team_id::text as team, coalesce(u.username, t.name) as subject,
        a.role_id::text as role, r.name as role_name, a.permission, a.scope_kind as scope, a.scope_team_id::text as on_team, st.name as on_team_name,
        a.resource_id::text as on_resource, x.type, x.key, (extract(epoch from a.valid_from) * 1000)::float8 as begins,
        (extract(epoch from a.valid_until) * 1000)::float8 as ends, a.condition::text as condition, a.provider is not null as provided
      from role_assignments a left join users u on u.id = a.user_id left join teams t on t.id = a.team_id left join roles r on r.id = a.role_id
        left join teams st on st.id = a.scope_team_id left join resources x on x.id = a.resource_id
      where a.revoked_at is null and (a.valid_until is null or a.valid_until > ?) and ${where} and ${whose}
        and not coalesce(r.built_in and r.name in ('user', 'anonymous', 'system'), false) and t.deleted_at is null and st.deleted_at is null and x.deleted_at is null and r.deleted_at is null
      order by coalesce(u.username, t.name), r.name, a.permission, a.id`,
    [now, ...(tenant.organizationId === null ? [] : [tenant.uuid]), ...(of === null ? [] : [ids('user'), ids('team')])],
  )
  return rows.map((row) => assignmentOf(tenant, row))
}

function assignmentOf(tenant: Tenant, row: AssignmentRecord): CurrentAssignment {
  const { user, team, subject, role, role_name: roleName, permission, type, key, begins, ends, condition, provided } = row
  return {
    id: idOf('asg', row.id),
    subject:
      user === null
        ? { kind: 'team', id: idOf('team', team ?? ''), name: subject }
        : { kind: 'user', id: idOf('usr', user), name: subject },
    role: role === null ? null : { id: idOf('rol', role), name: roleName ?? '' },
    permission,
    on: scopeOf(tenant, row),
    resource: type === null || key === null ? null : { type, key },
    from: begins,
    until: ends,
    when: condition === null ? null : (JSON.parse(condition) as Condition),
    provided,
  }
}

function scopeOf({ organizationId, slug }: Tenant, row: AssignmentRecord): NamedScope {
  const teamId = row.on_team === null ? null : idOf('team', row.on_team)
  const resourceId = row.on_resource === null ? null : idOf('res', row.on_resource)
  const name = resourceId === null ? (row.on_team_name ?? slug) : resourceName(row.type ?? '', row.key, resourceId)
  return { kind: row.scope, organizationId, teamId, resourceId, name }
}
