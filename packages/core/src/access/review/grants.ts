import { raw, sql, type RawQueryFragment, type SqlEntityManager } from '@mikro-orm/sql'
import { idOf, idOrNull, uuidOf, uuidOrNull, type Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { builtInRoles, groupsOf } from '../../grants/index.ts'
import type { BuiltInRoleName, ScopeKind } from '../../grants/model.ts'
import type { ReviewItem } from './signatures.ts'

/** What to review, and where to continue. */
export interface ReviewQuery {
  /** null: everywhere. */
  readonly organizationId: Id<'org'> | null
  readonly unusedSince: Date
  readonly now: Date
  /** The UUID that the page before ended with. */
  readonly after: string | null
  readonly limit: number
}

/** Roles that accounts have automatically; they are not reviewed. */
const everyday: readonly BuiltInRoleName[] = ['user', 'anonymous', 'system']
const everydayNames = everyday.map((name) => `'${name}'`).join(', ')

/**
 * SQL for the last use of an assignment: the last time one of its holders used a permission that it grants, in its organization. Uses are
 * recorded without team or resource, and not by assignment; so an assignment that may have been needed counts as used.
 */
const zeros = `'00000000-0000-0000-0000-000000000000'::uuid`
const holders = `(select a.user_id as id where a.user_id is not null union all select s.user_id from team_members s where s.team_id = a.team_id)`
const included = `(select a.role_id as id union all select c.included_id from role_closure c where c.role_id = a.role_id)`
const patterns = `(select a.permission as pattern where a.permission is not null
  union all select p.permission from role_permissions p where p.role_id in ${included} and p.revoked_at is null
  union all select b.pattern from built_in b where b.role_id in ${included})`
const standsFor = `(x.pattern in ('*', u.permission)
  or (x.pattern like '%.*' and starts_with(u.permission, left(x.pattern, -1)))
  or (x.pattern = 'queries' and exists (select 1 from known k where k.reads and k.name = u.permission))
  or (x.pattern = 'application' and not exists (select 1 from known k where k.own_group = split_part(u.permission, '.', 1))))`
export const lastUse = `(select max(u.last_used_at) from ${holders} h join permission_uses u on u.user_id = h.id
  where (a.scope_kind = 'system' or u.home = coalesce(a.organization_id, ${zeros})) and exists (select 1 from ${patterns} x where ${standsFor}))`

/** SQL of the tables `built_in` and `known` that the SQL above refers to. */
export function knownTables(catalogue: Catalogue): RawQueryFragment {
  const builtIn = Object.values(builtInRoles).flatMap(({ id, permissions }) =>
    permissions.map((pattern) => ({ role_id: uuidOf(id), pattern })),
  )
  const actions = [...catalogue].map(([name, kind]) => ({ name, reads: kind === 'query', own_group: null }))
  const groups = [...groupsOf(catalogue)].map((group) => ({ name: null, reads: false, own_group: group }))
  return sql`built_in as materialized (select * from json_to_recordset(${JSON.stringify(builtIn)}::json) as b (role_id uuid, pattern text)),
    known as materialized (select * from json_to_recordset(${JSON.stringify([...actions, ...groups])}::json) as k (name text, reads boolean, own_group text))`
}

/** SQL condition: the assignment `a` is neither revoked nor expired. */
export function isCurrent(now: Date): RawQueryFragment {
  return sql`a.revoked_at is null and (a.valid_until is null or a.valid_until > ${now}::timestamptz)`
}

interface GrantRecord {
  readonly id: string
  readonly user: string | null
  readonly team: string | null
  readonly subject: string
  readonly role: string | null
  readonly name: string
  readonly scope: ScopeKind
  readonly organization: string | null
  readonly scope_team: string | null
  readonly resource: string | null
  readonly since: number
  readonly given_by: string | null
  readonly last_used: number | null
}

/** Assignments that have counted since before that time and were not used since; one row more than the limit tells that there are more. */
export async function unusedGrants(em: SqlEntityManager, catalogue: Catalogue, review: ReviewQuery): Promise<ReviewItem[]> {
  const { organizationId, unusedSince, now, after, limit } = review
  const [home, last] = [uuidOrNull(organizationId), raw(`select ${lastUse} as last_used`)]
  const rows = await em.execute<GrantRecord[]>(
    sql`with ${knownTables(catalogue)}
      select a.id::text as id, a.user_id::text as user, a.team_id::text as team, coalesce(s.username, t.name) as subject, a.role_id::text as role,
        coalesce(r.name, a.permission) as name, a.scope_kind as scope, a.organization_id::text as organization, a.scope_team_id::text as scope_team,
        a.resource_id::text as resource, (extract(epoch from a.granted_at) * 1000)::float8 as since, a.granted_by::text as given_by,
        (extract(epoch from l.last_used) * 1000)::float8 as last_used
      from role_assignments a left join roles r on r.id = a.role_id left join users s on s.id = a.user_id left join teams t on t.id = a.team_id
        cross join lateral (${last}) l
      where ${isCurrent(now)} and greatest(a.granted_at, a.valid_from) < ${unusedSince}::timestamptz
        and (${home}::uuid is null or a.organization_id = ${home}::uuid)
        and not (a.scope_kind = 'system' and coalesce(r.built_in and r.name in (${raw(everydayNames)}), false))
        and (${after}::uuid is null or a.id > ${after}::uuid) and (l.last_used is null or l.last_used < ${unusedSince}::timestamptz)
      order by a.id limit ${limit}`,
  )
  return rows.map(grantOf)
}

function grantOf({ id, user, team, subject, role, name, scope, organization, scope_team, resource, ...row }: GrantRecord): ReviewItem {
  const assignmentId = idOf('asg', id)
  const organizationId = idOrNull('org', organization)
  return {
    kind: 'grant',
    id: assignmentId,
    name,
    reason: row.last_used === null ? 'neverUsed' : 'unused',
    subject:
      user === null
        ? { kind: 'team', id: idOf('team', team ?? ''), name: subject }
        : { kind: 'user', id: idOf('usr', user), name: subject },
    scope: { kind: scope, organizationId, teamId: idOrNull('team', scope_team), resourceId: idOrNull('res', resource) },
    organizationId,
    lastUsedAt: dateOrNull(row.last_used),
    since: new Date(row.since),
    givenBy: idOrNull('usr', row.given_by),
    remedy: { action: role === null ? 'access.revokePermission' : 'access.unassignRole', input: { assignmentId } },
  }
}

export function dateOrNull(milliseconds: number | null): Date | null {
  return milliseconds === null ? null : new Date(milliseconds)
}
