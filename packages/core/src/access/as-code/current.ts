import { raw, sql, type SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Condition } from '../../grants/model.ts'
import { shownAssignment, shownColumns, shownTables, type AssignmentRecord } from '../assignments/repository.ts'
import type { AssignmentId, Role } from '../model.ts'
import { selectRoles } from '../roles/repository.ts'
import type { Exclusion } from '../separation/model.ts'
import { selectExclusions } from '../separation/repository.ts'
import type { NamedScope, NamedSubject } from './model.ts'
import { resourceName, type NamedRole } from './names.ts'

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
export function currentRoles(em: SqlEntityManager, { uuid }: Tenant): Promise<readonly Role[]> {
  const nameable = raw(isNameable('r.name'))
  return selectRoles(em, sql`where r.home = ${uuid}::uuid and not r.built_in and r.deleted_at is null and ${nameable} order by r.name`)
}

/** Roles of others that a tenant may use: the installation's; for the installation itself, the built-in ones. */
export async function sharedRoles(em: SqlEntityManager, { organizationId }: Tenant): Promise<readonly NamedRole[]> {
  const rows = await em.execute<{ id: string; name: string }[]>(
    `select id::text as id, name from roles where home = ?::uuid and deleted_at is null ${organizationId === null ? 'and built_in' : ''} order by name`,
    [zeros],
  )
  return rows.map(({ id, name }) => ({ id: idOf('rol', id), name }))
}

export function currentExclusions(em: SqlEntityManager, { uuid }: Tenant): Promise<readonly Exclusion[]> {
  return selectExclusions(em, `where e.home = ?::uuid and ${isNameable('e.name')} order by e.name`, [uuid])
}

interface CurrentRecord extends AssignmentRecord {
  readonly on_team_name: string | null
  readonly type: string | null
  readonly key: string | null
  readonly provided: boolean
}

/**
 * The current assignments of a tenant: in an organization, with all its teams and resources; of the installation, everywhere.
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
  const rows = await em.execute<CurrentRecord[]>(
    `select ${shownColumns}, st.name as on_team_name, x.type, x.key, a.provider is not null as provided
      from ${shownTables} left join teams st on st.id = a.scope_team_id left join resources x on x.id = a.resource_id
      where a.revoked_at is null and (a.valid_until is null or a.valid_until > ?) and ${where} and ${whose}
        and not coalesce(r.built_in and r.name in ('user', 'anonymous', 'system'), false) and t.deleted_at is null and st.deleted_at is null and x.deleted_at is null and r.deleted_at is null
      order by coalesce(u.username, t.name), r.name, a.permission, a.id`,
    [now, ...(tenant.organizationId === null ? [] : [tenant.uuid]), ...(of === null ? [] : [ids('user'), ids('team')])],
  )
  return rows.map((row) => assignmentOf(tenant, row, now))
}

function assignmentOf({ organizationId, slug }: Tenant, row: CurrentRecord, now: Date): CurrentAssignment {
  const { type, key, provided } = row
  const { id, subject, role, permission, scope, validFrom, validUntil, condition } = shownAssignment(row, now)
  const { kind, teamId, resourceId } = scope
  const name = resourceId === null ? (row.on_team_name ?? slug) : resourceName(type ?? '', key, resourceId)
  return {
    id,
    subject,
    role,
    permission,
    on: { kind, organizationId, teamId, resourceId, name },
    resource: type === null || key === null ? null : { type, key },
    from: validFrom.getTime(),
    until: validUntil?.getTime() ?? null,
    when: condition,
    provided,
  }
}
