import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, idOrNull, uuidOrNull, uuidsOf, type Id } from '../../kernel/id.ts'
import type { ExclusionId, RoleId } from '../model.ts'
import type { ScopeKind } from '../../grants/model.ts'

/** Roles that are about to be assigned. */
export interface ProposedAssignment {
  readonly userIds: readonly Id<'usr'>[]
  readonly roleIds: readonly RoleId[]
  /** The organization of the scope; null: everywhere, or a resource outside of organizations. */
  readonly organizationId: Id<'org'> | null
  readonly scopeKind: ScopeKind
}

/** A user with too many roles of a set. */
export interface Violation {
  readonly exclusionId: ExclusionId
  readonly name: string
  readonly cardinality: number
  readonly userId: Id<'usr'>
  /** The names of those roles, sorted. */
  readonly roles: readonly string[]
}

interface ViolationRecord {
  readonly id: string
  readonly name: string
  readonly cardinality: number
  readonly user: string
  readonly roles: string
}

/**
 * Finds users with too many roles of static sets: directly or through a team, now or later, assigned or included. Counted by
 * organization, so that an error reveals nothing about other organizations: the installation's sets count roles in the organization and
 * everywhere, an organization's own sets count roles in it.
 * @param sets The static sets to check.
 * @param granting Assignments that are counted as if they existed; then only their users are checked.
 */
export async function violationsOf(
  em: SqlEntityManager,
  { sets, granting, now, limit }: { sets: readonly ExclusionId[]; granting?: ProposedAssignment; now: Date; limit: number },
): Promise<readonly Violation[]> {
  if (sets.length === 0) return []
  const only = (user: string) => (granting === undefined ? '' : `and ${user} = any(?::uuid[])`)
  const users = granting === undefined ? [] : [uuidsOf(granting.userIds)]
  const given = granting === undefined ? '' : `union all ${proposedAssignments}`
  const rows = await em.execute<ViolationRecord[]>(
    `with member as (select e.id as set, e.organization_id as home, m.role_id as role from role_exclusions e
        join role_exclusion_members m on m.exclusion_id = e.id where e.id = any(?::uuid[]) and e.kind = 'static'),
      brings as (select set, home, role, role as by from member
        union select m.set, m.home, m.role, c.role_id from member m join role_closure c on c.included_id = m.role),
      held as (select a.user_id, a.organization_id, a.scope_kind, a.role_id from role_assignments a
          where a.user_id is not null and a.role_id in (select by from brings) and ${current} ${only('a.user_id')}
        union all select s.user_id, a.organization_id, a.scope_kind, a.role_id from role_assignments a
          join team_members s on s.team_id = a.team_id where a.role_id in (select by from brings) and ${current} ${only('s.user_id')}
        ${given}),
      counted as (select b.set, b.home, b.role, h.user_id, h.organization_id, h.scope_kind from held h join brings b on b.by = h.role_id
        where b.home is null or b.home = h.organization_id),
      place as (select distinct set, user_id, organization_id from counted),
      found as (select distinct on (p.set, p.user_id) p.set, p.user_id, array_agg(distinct c.role) as roles
        from place p join counted c on c.set = p.set and c.user_id = p.user_id
            and (c.organization_id is not distinct from p.organization_id or c.scope_kind = 'system')
          join role_exclusions e on e.id = p.set
        group by p.set, p.user_id, p.organization_id, e.cardinality having count(distinct c.role) >= e.cardinality)
      select e.id::text as id, e.name, e.cardinality, f.user_id::text as user,
          (select json_agg(r.name order by r.name)::text from roles r where r.id = any(f.roles)) as roles
        from found f join role_exclusions e on e.id = f.set order by e.name, e.id, f.user_id limit ?`,
    [uuidsOf(sets), now, ...users, now, ...users, ...(granting === undefined ? [] : parametersOf(granting)), limit],
  )
  return rows.map(violationOf)
}

const current = 'a.revoked_at is null and (a.valid_until is null or a.valid_until > ?)'

const proposedAssignments = 'select u, ?::uuid, ?::text, r from unnest(?::uuid[]) u, unnest(?::uuid[]) r'

function parametersOf({ userIds, roleIds, organizationId, scopeKind }: ProposedAssignment): readonly unknown[] {
  const organization = uuidOrNull(organizationId)
  return [organization, scopeKind, uuidsOf(userIds), uuidsOf(roleIds)]
}

function violationOf({ id, name, cardinality, user, roles }: ViolationRecord): Violation {
  return { exclusionId: idOf('exc', id), name, cardinality, userId: idOf('usr', user), roles: JSON.parse(roles) as string[] }
}

/** A set that contains one of some roles, or a role that they include. */
interface ConcernedSet {
  readonly id: ExclusionId
  readonly name: string
  /** The tenant; null: the installation. */
  readonly home: Id<'org'> | null
  readonly kind: 'static' | 'dynamic'
  /** The names of these roles. */
  readonly roles: readonly string[]
}

interface SetRecord {
  readonly id: string
  readonly name: string
  readonly home: string | null
  readonly kind: 'static' | 'dynamic'
  readonly roles: string
}

/** The sets that some roles belong to, themselves or through included roles. */
export async function setsOf(em: SqlEntityManager, roleIds: readonly RoleId[]): Promise<readonly ConcernedSet[]> {
  const rows = await em.execute<SetRecord[]>(
    `select e.id::text as id, e.name, e.organization_id::text as home, e.kind, json_agg(distinct r.name)::text as roles
      from role_exclusions e join role_exclusion_members m on m.exclusion_id = e.id join roles r on r.id = m.role_id
      where m.role_id = any(?::uuid[]) or m.role_id in (select c.included_id from role_closure c where c.role_id = any(?::uuid[]))
      group by e.id order by e.name, e.id`,
    [uuidsOf(roleIds), uuidsOf(roleIds)],
  )
  return rows.map(({ id, name, home, kind, roles }) => ({
    id: idOf('exc', id),
    name,
    home: idOrNull('org', home),
    kind,
    roles: (JSON.parse(roles) as string[]).sort(),
  }))
}
