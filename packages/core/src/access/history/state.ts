import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { MembershipRole } from '../../organizations/model.ts'
import { isActing, type UserStatus } from '../../users/index.ts'
import { defaultActiveRoles, type LoadedAssignment, type ResolvedAssignment } from '../../grants/index.ts'
import { systemScope, type Scope } from '../scopes.ts'
import type { ScopeInput } from '../model.ts'
import type { SubjectFacts } from '../subjects.ts'
import { includedIn, loadRoleGraph, patternsIn, type RoleGraph } from '../roles/graph.ts'

/** A subject at a point in time, for the same engine that decides now. */
export interface SubjectAt extends SubjectFacts {
  readonly username: string
  /** null: the user did not exist yet. */
  readonly status: UserStatus | null
  readonly frozen: boolean
  /** Where the user belonged, whatever their status: organizations, and resources that they had an assignment on. */
  readonly places: ReadonlySet<string>
  /** UUIDs of the user's teams. */
  readonly seats: readonly string[]
}

interface SubjectRecord {
  readonly user: string
  readonly username: string
  readonly status: string | null
  readonly memberships: string | null
  readonly seats: string | null
  readonly assignments: string | null
}

/** SQL condition: the former state `f` held at the time `t.at`. */
export const wasSo = 'f.began_at <= t.at and f.ended_at > t.at'

/** SQL of the memberships that the user of `k` had at `t.at`, and whether the organization was active then. */
const membershipsAt = `select x.organization, x.role, coalesce(
    (select f.value from former_states f where f.kind = 'organizationStatus' and f.subject_id = o.id and ${wasSo} limit 1), o.status) = 'active' as active from (
    select m.organization_id as organization, m.role from memberships m where m.user_id = k.user_id and m.created_at <= t.at
      and not exists (select 1 from former_states f where f.kind = 'membership' and f.subject_id = m.user_id
        and f.object_id = m.organization_id and f.ended_at > t.at)
    union all select f.object_id, f.value from former_states f where f.kind = 'membership' and f.subject_id = k.user_id and ${wasSo}) x
  join organizations o on o.id = x.organization and o.created_at <= t.at`

const seatsAt = `select s.team_id as team from team_members s where s.user_id = k.user_id and s.created_at <= t.at
  union select f.object_id from former_states f where f.kind = 'seat' and f.subject_id = k.user_id and ${wasSo}`

const assignmentsAt = `select json_agg(json_build_object('id', a.id, 'role', a.role_id, 'permission', a.permission, 'team', a.team_id,
      'scope', a.scope_kind, 'organization', a.organization_id, 'object', coalesce(a.scope_team_id, a.resource_id),
      'from', (extract(epoch from a.valid_from) * 1000)::float8, 'until', (extract(epoch from a.valid_until) * 1000)::float8,
      'condition', a.condition) order by a.id)
    from role_assignments a where (a.user_id = k.user_id or a.team_id in (${seatsAt})) and a.granted_at <= t.at
      and (a.revoked_at is null or a.revoked_at > t.at) and (a.valid_until is null or a.valid_until > t.at)`

const subjectsAt = `select k.user_id::text as user, u.username, case when u.created_at <= t.at then coalesce(
      (select f.value from former_states f where f.kind = 'userStatus' and f.subject_id = u.id and ${wasSo} limit 1),
      u.status || case when u.grants_frozen_at is null then '' else ' frozen' end) end as status,
    (select json_agg(json_build_object('id', m.organization, 'role', m.role, 'active', m.active) order by m.organization) from (${membershipsAt}) m)::text as memberships,
    (select json_agg(s.team order by s.team) from (${seatsAt}) s)::text as seats,
    (${assignmentsAt})::text as assignments
  from (select ?::timestamptz as at) t, unnest(?::uuid[]) k (user_id) join users u on u.id = k.user_id order by k.user_id`

/**
 * Loads users as they were at a time: status, memberships, teams and assignments from history, and what roles contained. Built-in roles
 * are code and sets of separation of duty keep no history, so these count as they are today. For a time in the future: what will hold if
 * nothing is changed.
 */
export async function loadSubjectsAt(em: SqlEntityManager, userIds: readonly Id<'usr'>[], at: Date): Promise<readonly SubjectAt[]> {
  const records = await em.execute<SubjectRecord[]>(subjectsAt, [at, uuidsOf(userIds)])
  const read = records.map((record) => ({ record, assignments: parsed<LoadedAssignment>(record.assignments) }))
  const ids = read.flatMap(({ assignments }) => assignments.flatMap(({ role }) => role ?? []))
  const graph = await loadRoleGraph(em, { ids }, at)
  const exclusions = await exclusionsOf(em, graph, at)
  return read.map(({ record, assignments }) =>
    subjectAt(
      record,
      assignments.flatMap((assignment) => resolveAssignmentAt(assignment, graph, exclusions) ?? []),
    ),
  )
}

function subjectAt(record: SubjectRecord, all: readonly ResolvedAssignment[]): SubjectAt {
  const [status = null, frozen] = (record.status?.split(' ') ?? []) as [UserStatus?, string?]
  const isActive = status !== null && isActing(status) && frozen === undefined
  const everyMembership = parsed<{ id: string; role: MembershipRole; active: boolean }>(record.memberships)
  const memberships = everyMembership.filter(({ active }) => active)
  const isThere = (organization: string | null) => organization === null || memberships.some(({ id }) => id === organization)
  return {
    userId: idOf('usr', record.user),
    username: record.username,
    sessionId: null,
    status,
    frozen: frozen !== undefined,
    isActive,
    memberships: isActive ? memberships.map(({ id, role }) => ({ organizationId: idOf('org', id), role })) : [],
    places: new Set([
      ...everyMembership.map(({ id }) => idOf('org', id)),
      ...all.flatMap(({ scope, object }) => (scope === 'resource' && object !== null ? [idOf('res', object)] : [])),
    ]),
    seats: parsed<string>(record.seats),
    assignments: isActive ? all.filter(({ organization }) => isThere(organization)) : [],
    assurance: null,
    activeRoles: defaultActiveRoles,
    onlyIn: null,
    impersonator: null,
    validUntil: endOfTime,
  }
}

const endOfTime = new Date(8.64e15)

/** Sets by the roles in them. `organization`: where the set counts; null: it is the installation's. */
type Exclusions = ReadonlyMap<
  string,
  readonly { readonly id: string; readonly cardinality: number; readonly organization: string | null }[]
>

/** null: the role did not exist then. */
function resolveAssignmentAt(assignment: LoadedAssignment, graph: RoleGraph, exclusions: Exclusions): ResolvedAssignment | null {
  if (assignment.role === null) return { ...assignment, name: null, builtIn: null, permissions: null, included: null, exclusions: null }
  const role = graph.get(assignment.role)
  if (role === undefined) return null
  const { name, builtIn } = role
  if (builtIn) return { ...assignment, name, builtIn, permissions: null, included: null, exclusions: null }
  const included = includedIn(graph, role.id)
  const sets = new Map<string, { id: string; cardinality: number; members: string[] }>()
  for (const { id: member } of included)
    for (const { id, cardinality, organization } of exclusions.get(member) ?? [])
      if (organization === null || organization === assignment.organization)
        sets.set(id, { id, cardinality, members: [...(sets.get(id)?.members ?? []), member] })
  return {
    ...assignment,
    name,
    builtIn,
    // Permissions of included built-in roles are resolved already.
    permissions: patternsIn(graph, role.id),
    included: included.filter(({ id }) => id !== role.id).map(({ id }) => ({ id, name: null })),
    exclusions: sets.size === 0 ? null : [...sets.values()],
  }
}

async function exclusionsOf(em: SqlEntityManager, graph: RoleGraph, at: Date): Promise<Exclusions> {
  const rows = await em.execute<{ role: string; id: string; cardinality: number; organization: string | null }[]>(
    `select m.role_id::text as role, e.id::text as id, e.cardinality, e.organization_id::text as organization from role_exclusion_members m
      join role_exclusions e on e.id = m.exclusion_id and e.kind = 'dynamic' and e.created_at <= ? where m.role_id = any(?::uuid[])`,
    [at, `{${[...graph.keys()].join(',')}}`],
  )
  return Map.groupBy(rows, ({ role }) => role)
}

/** A scope at a point in time; null: it has never existed. */
export interface ScopeAt extends Scope {
  /** Whether it existed then. */
  readonly existed: boolean
}

export async function findScopeAt(em: SqlEntityManager, scope: ScopeInput, at: Date): Promise<ScopeAt | null> {
  if ('organizationId' in scope) {
    const [row] = await em.execute<{ existed: boolean }[]>(
      'select created_at <= ?::timestamptz as existed from organizations where id = ?',
      [at, uuidOf(scope.organizationId)],
    )
    return row === undefined ? null : { kind: 'organization', organizationId: scope.organizationId, path: [], owners: [], ...row }
  }
  if ('teamId' in scope) return findTeamAt(em, scope.teamId, at)
  if ('resourceId' in scope) return findResourceAt(em, scope.resourceId, at)
  return { ...systemScope, existed: true }
}

async function findTeamAt(em: SqlEntityManager, id: Id<'team'>, at: Date): Promise<ScopeAt | null> {
  const [row] = await em.execute<{ organization: string; there: boolean }[]>(
    `select t.organization_id::text as organization, t.created_at <= x.at and (t.deleted_at is null or t.deleted_at > x.at) as there
      from teams t, (select ?::timestamptz as at) x where t.id = ?`,
    [at, uuidOf(id)],
  )
  if (row === undefined) return null
  return { kind: 'team', organizationId: idOf('org', row.organization), path: [id], owners: [], existed: row.there }
}

/** Former parents are not kept, so the present path counts; former owners are. */
async function findResourceAt(em: SqlEntityManager, id: Id<'res'>, at: Date): Promise<ScopeAt | null> {
  const [row] = await em.execute<{ organization: string | null; path: string; owners: string; there: boolean }[]>(
    `select r.organization_id::text as organization, array_to_json(r.path)::text as path,
        r.created_at <= t.at and (r.deleted_at is null or r.deleted_at > t.at) as there,
        (select coalesce(json_agg(x.owner), '[]') from (select coalesce(
          (select coalesce(f.value, '') from former_states f where f.kind = 'ownership' and f.subject_id = o.id and ${wasSo} limit 1),
          o.owner_user_id::text, '') as owner from resources o where o.id = any(r.path)) x where x.owner <> '')::text as owners
      from resources r, (select ?::timestamptz as at) t where r.id = ?`,
    [at, uuidOf(id)],
  )
  if (row === undefined) return null
  return {
    kind: 'resource',
    organizationId: row.organization === null ? null : idOf('org', row.organization),
    path: (JSON.parse(row.path) as string[]).map((resource) => idOf('res', resource)),
    owners: (JSON.parse(row.owners) as string[]).map((owner) => (owner.startsWith('usr_') ? (owner as Id<'usr'>) : idOf('usr', owner))),
    existed: row.there,
  }
}

/** Parses JSON from the database. */
export function parsed<Item>(json: string | null): readonly Item[] {
  return json === null ? [] : (JSON.parse(json) as Item[])
}
