import type { SqlEntityManager } from '@mikro-orm/sql'
import { arrayLiteral } from '../../kernel/array-literal.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { idOf, uuidOf, uuidOrNull, uuidsOf, type Id } from '../../kernel/id.ts'
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

/** What the statement is asked: each column with its type and its value. */
const asked: readonly {
  readonly column: string
  readonly type: string
  readonly valueOf: (question: WhoCanQuestion, after: string | null) => unknown
}[] = [
  { column: 'patterns', type: 'text[]', valueOf: (question) => arrayLiteral(patternsFor(question)) },
  { column: 'built_in', type: 'uuid[]', valueOf: (question) => uuidsOf(builtInRolesFor(question)) },
  { column: 'memberships', type: 'text[]', valueOf: (question) => arrayLiteral(membershipRolesFor(question)) },
  { column: 'organization', type: 'uuid', valueOf: ({ scope }) => uuidOrNull(scope.organizationId) },
  { column: 'team', type: 'uuid', valueOf: ({ scope: { kind, path } }) => (kind === 'team' ? uuidOf(path[0] ?? '') : null) },
  { column: 'path', type: 'uuid[]', valueOf: ({ scope: { kind, path } }) => uuidsOf(kind === 'resource' ? path : []) },
  { column: 'owners', type: 'uuid[]', valueOf: ({ scope }) => uuidsOf(scope.owners) },
  { column: 'tells_of_all', type: 'boolean', valueOf: ({ seesEverybody }) => seesEverybody },
  { column: 'after', type: 'uuid', valueOf: (_, after) => uuidOrNull(after) },
  { column: 'now', type: 'timestamptz', valueOf: ({ now }) => now },
]

/**
 * All users whom an assignment, membership or ownership gives the permission in a scope, ignoring conditions and separation of duty, in
 * the order of their ids. An index serves each kind of grant. Users who are not members of the scope's organization are left out, except
 * for a caller who may see everybody.
 */
const candidates = statement(
  'candidates',
  `with asked as (select ${asked.map(({ column, type }) => `?::${type} as ${column}`).join(', ')}),
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
  question: WhoCanQuestion,
  after: string | null,
  limit: number,
): Promise<readonly Candidate[]> {
  const parameters = [...asked.map(({ valueOf }) => valueOf(question, after)), limit]
  const rows = await runStatement<{ id: string; username: string; display_name: string | null }>(em, candidates, parameters)
  return rows.map(({ id, username, display_name: displayName }) => ({ id: idOf('usr', id), username, displayName }))
}

/** All patterns that include the permission. */
function patternsFor({ catalogue, permission }: WhoCanQuestion): readonly string[] {
  const all = [permission, `${groupOf(permission)}.*`, '*', 'queries', 'application']
  return all.filter((pattern) => hasPermission(permissionsOf(catalogue, [pattern]), catalogue, permission))
}

function builtInRolesFor({ catalogue, permission }: WhoCanQuestion): readonly string[] {
  const able = Object.values(builtInRoles).filter((role) =>
    hasPermission(permissionsOf(catalogue, role.permissions), catalogue, permission),
  )
  return able.map(({ id }) => id)
}

function membershipRolesFor({ catalogue, permission }: WhoCanQuestion): readonly string[] {
  const roles = Object.entries(organizationRoles)
  return roles.flatMap(([name, role]) => (hasPermission(permissionsOf(catalogue, role.permissions), catalogue, permission) ? [name] : []))
}
