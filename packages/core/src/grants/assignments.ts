import type { Grant } from '../kernel/grants.ts'
import type { Origin } from '../kernel/origin.ts'
import type { Exclusion, RoleDefinition } from '../kernel/decisions.ts'
import { idOf, idOrNull, uuidOf, type Id } from '../kernel/id.ts'
import { mayActFrom } from '../kernel/network.ts'
import { builtInRoles } from './built-in-roles.ts'
import { byRole, definitionOfRole } from './definitions.ts'
import { presentRows, seatsOf, type RowsAt } from './moment.ts'
import { builtInRoleNames, type BuiltInRoleName, type Condition, type ScopeKind } from './model.ts'

/** An assignment as `assignmentsOf` selects it. Ids are UUIDs, times milliseconds since the epoch. */
export interface LoadedAssignment {
  readonly id: string
  /** null: a single permission was assigned. */
  readonly role: string | null
  readonly permission: string | null
  /** The team that has the assignment; null: the user has it. */
  readonly team: string | null
  readonly scope: ScopeKind
  readonly organization: string | null
  /** The team or resource that is its scope. */
  readonly object: string | null
  readonly from: number
  readonly until: number | null
  readonly condition: Condition | null
}

/** An assignment with the definition of its role. */
export interface ResolvedAssignment extends LoadedAssignment {
  readonly name: string | null
  readonly builtIn: boolean | null
  /** The permissions of the role and of all roles that it includes; null: the role is built in, or there is no role. */
  readonly permissions: readonly string[] | null
  /** The included roles; only built-in ones have a name here. */
  readonly included: readonly { readonly id: string; readonly name: string | null }[] | null
  /**
   * The dynamic sets of separation of duty that one of its roles is in: the installation's, and those of the organization where the
   * assignment counts.
   */
  readonly exclusions: readonly Exclusion[] | null
}

/** SQL of an assignment `a` as a JSON array, in the order of `AssignmentTuple`. */
export const assignmentTuple = `json_build_array(a.id, a.role_id, a.permission, a.team_id, a.scope_kind, a.organization_id,
        coalesce(a.scope_team_id, a.resource_id), (extract(epoch from a.valid_from) * 1000)::float8,
        (extract(epoch from a.valid_until) * 1000)::float8, a.condition)`

/**
 * SQL that selects the assignments of a user and of the user's teams, without those that are revoked or expired: JSON `assignments`, for
 * `parseAssignments`, and `definitions`, the definition of each custom role among them. Takes one parameter: the time. Deleted teams need
 * no check, because their seats are deleted with them.
 * @param user SQL of the user's id.
 * @param scopes SQL condition on the assignments `a`.
 * @param at SQL of the time, instead of a parameter.
 * @param withDefinitions false: `definitions` is null, for a caller that has them cached. To look for them takes longer than all else.
 * @param rows the moment that is read; of the past definitions are not selected
 */
export function assignmentsOf(
  user: string,
  scopes: string,
  { at = '?::timestamptz', withDefinitions = true, rows = presentRows }: AssignmentsSql = {},
): string {
  const columns =
    'id, role_id, permission, team_id, scope_kind, organization_id, scope_team_id, resource_id, valid_from, valid_until, condition'
  const wanted = `${rows.begun('a.granted_at')} and ${rows.unended('a.revoked_at')} and ${scopes}`
  const definitions = `(select json_agg(${definitionOfRole}) from roles r where r.id = any(g.roles) and not r.built_in)`
  return `(select g.assignments, ${withDefinitions ? definitions : 'null::json'} as definitions
    from (select json_agg(${assignmentTuple}) as assignments, array_agg(a.role_id) as roles
      from (select ${columns} from role_assignments a where a.user_id = ${user} and ${wanted}
        union all select ${columns} from role_assignments a
          where a.team_id is not null and a.team_id in (${seatsOf(user, rows)}) and ${wanted}) a
      where a.valid_until is null or a.valid_until > ${at}) g)`
}

interface AssignmentsSql {
  readonly at?: string
  readonly withDefinitions?: boolean
  readonly rows?: RowsAt
}

/** The values of an assignment. JSON arrays, because objects take half as long again to write and are twice the size. */
type AssignmentTuple = readonly [
  id: string,
  role: string | null,
  permission: string | null,
  team: string | null,
  scope: ScopeKind,
  organization: string | null,
  object: string | null,
  from: number,
  until: number | null,
  condition: Condition | null,
]

/** Parses the assignments that `assignmentsOf` selected. */
export function parseAssignments(assignments: string | null): readonly LoadedAssignment[] {
  if (assignments === null) return noAssignments
  return (JSON.parse(assignments) as AssignmentTuple[]).map(
    ([id, role, permission, team, scope, organization, object, from, until, condition]) => ({
      id,
      role,
      permission,
      team,
      scope,
      organization,
      object,
      from,
      until,
      condition,
    }),
  )
}

const noAssignments: readonly LoadedAssignment[] = []

const builtInNames: ReadonlyMap<string, BuiltInRoleName> = new Map(builtInRoleNames.map((name) => [uuidOf(builtInRoles[name].id), name]))

/** The UUIDs of the custom roles in assignments, without duplicates. */
export function customRolesIn(given: readonly LoadedAssignment[]): readonly string[] {
  const roles = new Set<string>()
  for (const { role } of given) if (role !== null && !builtInNames.has(role)) roles.add(role)
  return roles.size === 0 ? noRoles : [...roles]
}

const noRoles: readonly string[] = []

/** Joins assignments with the definitions of their roles, sorted by role name. Assignments of a deleted role are left out. */
export function resolveAssignments(
  given: readonly LoadedAssignment[],
  definitions: ReadonlyMap<string, RoleDefinition>,
): readonly ResolvedAssignment[] {
  const held = given.flatMap((assignment) => resolveAssignment(assignment, definitions) ?? [])
  return held.length < 2 ? held : held.sort((one, other) => compareNames(one.name, other.name) || compareNames(one.id, other.id))
}

/** Parses a row of `assignmentsOf` with its definitions. */
export function parseResolved({ assignments, definitions }: { readonly assignments: string | null; readonly definitions: string | null }) {
  const defined = definitions === null ? [] : (JSON.parse(definitions) as RoleDefinition[])
  return resolveAssignments(parseAssignments(assignments), byRole(defined))
}

function resolveAssignment(assignment: LoadedAssignment, definitions: ReadonlyMap<string, RoleDefinition>): ResolvedAssignment | null {
  const { role, organization } = assignment
  if (role === null) return { ...assignment, name: null, builtIn: null, ...withoutDefinition }
  const builtIn = builtInNames.get(role)
  if (builtIn !== undefined) return { ...assignment, name: builtIn, builtIn: true, ...withoutDefinition }
  const definition = definitions.get(role)
  if (definition === undefined) return null
  const { name, permissions, included } = definition
  const sets = definition.exclusions?.filter((set) => set.organization === null || set.organization === organization) ?? []
  return { ...assignment, name, builtIn: false, permissions, included, exclusions: sets.length === 0 ? null : sets }
}

const withoutDefinition = { permissions: null, included: null, exclusions: null }

/** Single permissions have no role name: they are sorted last. */
function compareNames(one: string | null, other: string | null): number {
  if (one === other) return 0
  if (one === null || other === null) return one === null ? 1 : -1
  return one < other ? -1 : 1
}

/**
 * SQL for the roles that count in dynamic separation of duty: members of dynamic sets, and roles that include one. A decision by some of
 * a user's assignments needs all assignments of these roles, whatever their scope.
 */
export const exclusiveRoles = `(with exclusive as (select m.role_id from role_exclusion_members m
      join role_exclusions e on e.id = m.exclusion_id and e.kind = 'dynamic')
    select role_id from exclusive union select c.role_id from role_closure c join exclusive x on x.role_id = c.included_id)`

/** Which of the user's roles a session uses. */
export interface ActiveRoles {
  /** Mutually exclusive roles are active only if they were activated: UUIDs. */
  readonly activated: readonly string[]
  /** Roles that were deactivated: UUIDs. */
  readonly deactivated: readonly string[]
}

export const defaultActiveRoles: ActiveRoles = { activated: [], deactivated: [] }

/**
 * The assignments whose roles are active: not deactivated, and not mutually exclusive with another one unless activated (dynamic
 * separation of duty, ANSI INCITS 359). If too many of a set were activated, because the set is newer, none of them is active.
 */
export function activeAssignments(
  assignments: readonly ResolvedAssignment[],
  { activated, deactivated }: ActiveRoles,
): readonly ResolvedAssignment[] {
  const held = deactivated.length === 0 ? assignments : assignments.filter(({ role }) => role === null || !deactivated.includes(role))
  if (!held.some(({ exclusions }) => exclusions !== null)) return held
  const isChosen = ({ role }: ResolvedAssignment) => role !== null && activated.includes(role)
  const contested = overfullSets(held)
  const stillTooMany = overfullSets(held.filter((assignment) => isChosen(assignment)))
  return held.filter((assignment) => {
    const sets = (assignment.exclusions ?? []).filter(({ id }) => contested.has(id))
    return sets.length === 0 || (isChosen(assignment) && !sets.some(({ id }) => stillTooMany.has(id)))
  })
}

/** The ids of the sets whose cardinality these assignments together reach. */
export function overfullSets(assignments: readonly ResolvedAssignment[]): ReadonlySet<string> {
  const brought = new Map<string, { readonly cardinality: number; readonly members: Set<string> }>()
  for (const { id, cardinality, members } of assignments.flatMap(({ exclusions }) => exclusions ?? [])) {
    const set = brought.get(id) ?? { cardinality, members: new Set<string>() }
    brought.set(id, set)
    for (const member of members) set.members.add(member)
  }
  return new Set([...brought].filter(([, { cardinality, members }]) => members.size >= cardinality).map(([id]) => id))
}

/** The facts, besides its own dates, that decide whether an assignment is effective. */
export interface Circumstances {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** null: without a session. */
  readonly assurance: 'aal1' | 'aal2' | null
  readonly activeRoles: ActiveRoles
}

/** The assignments that are effective now. Conditions on networks are not checked here. */
export function effectiveAssignments(assignments: readonly ResolvedAssignment[], standing: Circumstances): readonly ResolvedAssignment[] {
  return activeAssignments(applicableAssignments(assignments, standing), standing.activeRoles)
}

/** The assignments that are valid now and whose condition on assurance is met. Whether their roles are active is not checked here. */
export function applicableAssignments(
  assignments: readonly ResolvedAssignment[],
  { at, assurance }: Omit<Circumstances, 'activeRoles'>,
): readonly ResolvedAssignment[] {
  return assignments.filter(
    ({ from, until, condition }) =>
      from <= at && (until === null || until > at) && (condition?.assurance === undefined || condition.assurance === assurance),
  )
}

/**
 * Whether assignments are more than the role that every user has everywhere: any other role, or a single permission, on
 * whatever condition, also one that is not met now or begins later.
 */
export function areBeyondUser(assignments: readonly Pick<ResolvedAssignment, 'scope' | 'builtIn' | 'name'>[]): boolean {
  return assignments.some(
    ({ scope, builtIn, name }) => scope === 'system' && !(builtIn === true && (name === 'user' || name === 'anonymous')),
  )
}

/** Whether the condition on networks is met for a call from an address; null: no address, so such a condition is not met. */
export function appliesFrom({ condition }: ResolvedAssignment, from: Pick<Origin, 'ip' | 'remote'> | null): boolean {
  return condition?.networks === undefined || (from !== null && mayActFrom(condition.networks, from))
}

/**
 * What counts of somebody's memberships and assignments: what was assigned in an organization goes with the membership, and of a
 * credential that is limited to one organization no other one counts. Ids are UUIDs.
 * @param only the organization of the limit; null: none
 */
export function countingIn<Membership extends { readonly id: string }, Given extends LoadedAssignment>(
  only: string | null,
  memberships: readonly Membership[],
  assignments: readonly Given[],
): { readonly memberships: readonly Membership[]; readonly assignments: readonly Given[] } {
  const own = only === null ? memberships : memberships.filter(({ id }) => id === only)
  const organizations = new Set(own.map(({ id }) => id))
  return {
    memberships: own,
    assignments: assignments.filter(({ organization }) => organization === null || organizations.has(organization)),
  }
}

/** The permission patterns that an assignment grants. */
function patternsOf({ permission, builtIn, name, permissions, included }: ResolvedAssignment): readonly string[] {
  if (permission !== null) return [permission]
  if (builtIn === true) return builtInRoles[name as BuiltInRoleName].permissions
  const inherited = (included ?? []).flatMap((role) => (role.name === null ? [] : builtInRoles[role.name as BuiltInRoleName].permissions))
  return inherited.length === 0 ? (permissions ?? []) : [...(permissions ?? []), ...inherited]
}

/** The grant that an assignment makes: its permissions and its scope. */
export function grantOf(assignment: ResolvedAssignment): Grant {
  const { organization, scope, object } = assignment
  const place = object === null ? {} : { scopeId: idOf(scope === 'team' ? 'team' : 'res', object) }
  return { organizationId: idOrNull('org', organization), permissions: patternsOf(assignment), ...place }
}

/** The ids whose change may change what these assignments grant: custom roles and teams. */
export function dependenciesOf(assignments: readonly ResolvedAssignment[]): readonly Id<'rol' | 'team'>[] {
  const roles = new Set<string>()
  const teams = new Set<string>()
  for (const { role, builtIn, team, included } of assignments) {
    if (team !== null) teams.add(team)
    if (role === null || builtIn === true) continue
    roles.add(role)
    for (const { id } of included ?? []) roles.add(id)
  }
  if (roles.size + teams.size === 0) return noDependencies
  return [...Array.from(roles, (id) => idOf('rol', id)), ...Array.from(teams, (id) => idOf('team', id))]
}

const noDependencies: readonly Id<'rol' | 'team'>[] = []
