import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Scope } from '../../kernel/decisions.ts'
import { idOf, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { runStatement, statement } from '../../kernel/statement.ts'
import { builtInRoles, organizationRoles, groupOf, hasPermission, permissionsOf } from '../../grants/index.ts'

/** Which users have a permission in a scope. */
export interface WhoCanQuestion {
  readonly catalogue: Catalogue
  readonly permission: string
  readonly scope: Scope
  readonly now: Date
  /** Whether the caller may see everybody; otherwise only users who belong to the scope, as in `access.check`. */
  readonly seesEverybody: boolean
}

/** A user who may have the permission. */
export interface Candidate {
  readonly id: Id<'usr'>
  readonly username: string
  readonly displayName: string | null
}

/**
 * All users whom an assignment, membership or ownership gives the permission in a scope, ignoring conditions and separation of duty, in
 * the order of their ids. An index serves each kind of grant. Users who are not members of the scope's organization are left out, except
 * for a caller who may see everybody.
 */
const candidates = statement(
  'candidates',
  `with asked as (select ?::text[] as patterns, ?::uuid[] as built_in, ?::text[] as memberships, ?::uuid as organization, ?::uuid as team,
        ?::uuid[] as path, ?::uuid[] as owners, ?::boolean as tells_of_all, ?::uuid as after, ?::timestamptz as now),
    own as (select p.role_id as id from asked, role_permissions p where p.permission = any(asked.patterns) and p.revoked_at is null
      union select unnest(built_in) from asked),
    covering as (select id from own union select c.role_id from role_closure c join own on own.id = c.included_id),
    wide as (
      select a.user_id from asked, role_assignments a
        where a.scope_kind = 'system' and a.revoked_at is null and a.organization_id is null and a.role_id = any(array(select id from covering))
          and a.valid_from <= asked.now and (a.valid_until is null or a.valid_until > asked.now)
      union all select a.user_id from asked, role_assignments a
        where a.scope_kind = 'system' and a.revoked_at is null and a.organization_id is null and a.role_id is null
          and a.permission = any(asked.patterns) and a.valid_from <= asked.now and (a.valid_until is null or a.valid_until > asked.now)),
    near as (
      select a.user_id, a.team_id, a.role_id, a.permission, a.valid_from, a.valid_until from asked, role_assignments a
        where a.organization_id = asked.organization and a.revoked_at is null and a.scope_kind <> 'resource'
          and (a.scope_kind = 'organization' or a.scope_team_id = asked.team)
      union all select a.user_id, a.team_id, a.role_id, a.permission, a.valid_from, a.valid_until from asked, role_assignments a
        where a.resource_id = any(asked.path) and a.revoked_at is null),
    given as (select near.user_id, near.team_id from asked, near
      where (near.permission = any(asked.patterns) or near.role_id = any(array(select id from covering)))
        and near.valid_from <= asked.now and (near.valid_until is null or near.valid_until > asked.now)),
    there as (
      select user_id from given where user_id is not null
      union all select s.user_id from given join team_members s on s.team_id = given.team_id
      union all select unnest(owners) from asked
      union all select m.user_id from asked, memberships m where m.organization_id = asked.organization and m.role = any(asked.memberships)),
    everybody as (select user_id, false as is_wide from there union select user_id, true from wide)
  select distinct u.id::text as id, u.username, u.display_name from asked, everybody e join users u on u.id = e.user_id
    where (asked.after is null or u.id > asked.after) and u.status in ('active', 'temporary') and u.grants_frozen_at is null
      and (e.is_wide and asked.tells_of_all
        or asked.organization is not null and exists (select 1 from memberships m join organizations o on o.id = m.organization_id and o.status = 'active'
          where m.user_id = u.id and m.organization_id = asked.organization)
        or asked.organization is null and (not e.is_wide or u.id = any(asked.owners) or exists (select 1 from role_assignments b
          where b.resource_id = any(asked.path) and b.revoked_at is null
            and (b.user_id = u.id or b.team_id in (select s.team_id from team_members s where s.user_id = u.id)))))
    order by 1 limit ?`,
)

export async function candidatesFor(
  em: SqlEntityManager,
  { catalogue, permission, scope, now, seesEverybody }: WhoCanQuestion,
  after: string | null,
  limit: number,
): Promise<readonly Candidate[]> {
  const has = (patterns: readonly string[]) => hasPermission(permissionsOf(catalogue, patterns), catalogue, permission)
  const builtIn = Object.values(builtInRoles).filter(({ permissions }) => has(permissions))
  const memberships = Object.entries(organizationRoles).filter(([, { permissions }]) => has(permissions))
  const { kind, organizationId, path, owners } = scope
  const rows = await runStatement<{ id: string; username: string; display_name: string | null }>(em, candidates, [
    `{${patternsFor(catalogue, permission)
      .map((pattern) => `"${pattern}"`)
      .join(',')}}`,
    uuidsOf(builtIn.map(({ id }) => id)),
    `{${memberships.map(([role]) => role).join(',')}}`,
    organizationId === null ? null : uuidOf(organizationId),
    kind === 'team' ? uuidOf(path[0] ?? '') : null,
    uuidsOf(kind === 'resource' ? path : []),
    uuidsOf(owners),
    seesEverybody,
    after === null ? null : uuidOf(after),
    now,
    limit,
  ])
  return rows.map(({ id, username, display_name: displayName }) => ({ id: idOf('usr', id), username, displayName }))
}

/** All patterns that include a permission. */
function patternsFor(catalogue: Catalogue, permission: string): readonly string[] {
  const all = [permission, `${groupOf(permission)}.*`, '*', 'queries', 'application']
  return all.filter((pattern) => hasPermission(permissionsOf(catalogue, [pattern]), catalogue, permission))
}
