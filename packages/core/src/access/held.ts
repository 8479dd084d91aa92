import { idOf, type Id } from '../kernel/id.ts'
import type { Holding } from '../kernel/rule.ts'
import { builtInRoles } from './builtin.ts'
import type { BuiltInRoleName, Condition, ScopeKind } from './model.ts'

/** An assignment as `assignmentsOf` reads it: ids are UUIDs, times milliseconds since the epoch. */
export interface HeldAssignment {
  readonly id: string
  /** null: a single permission was given. */
  readonly role: string | null
  readonly name: string | null
  readonly builtIn: boolean | null
  readonly permission: string | null
  /** The team that has it; null: the user. */
  readonly team: string | null
  readonly scope: ScopeKind
  readonly organization: string | null
  /** The team or resource that it is on. */
  readonly object: string | null
  readonly from: number
  readonly until: number | null
  readonly condition: Condition | null
  /** What the role grants, with all that it includes; null: the role is built in, or there is none. */
  readonly permissions: readonly string[] | null
  /** The roles that it includes, with the names of those that are built in. */
  readonly included: readonly { readonly id: string; readonly name: string | null }[] | null
  /** The sets of roles not to be used together that one of its roles is in: the installation's, and those of the organization that it counts in. */
  readonly exclusions: readonly Exclusion[] | null
}

interface Exclusion {
  readonly id: string
  /** As many of the set together are too many. */
  readonly cardinality: number
  /** Which of the set this assignment brings. */
  readonly members: readonly string[]
}

/**
 * SQL for the assignments of a user, and of the teams that they sit in, that were not revoked
 * and are not over: one JSON array `assignments`, with what their roles grant. Takes one
 * parameter: the time. Teams only count while they are there, for their seats go with them.
 * @param user SQL of the user's id.
 * @param scopes SQL that is true of the assignments `a` that are wanted.
 * @param at SQL of the time, instead of a parameter.
 */
export function assignmentsOf(user: string, scopes: string, at = '?::timestamptz'): string {
  const columns =
    'id, role_id, permission, team_id, scope_kind, organization_id, scope_team_id, resource_id, valid_from, valid_until, condition'
  const wanted = `a.revoked_at is null and ${scopes}`
  const included = '(select c.included_id from role_closure c where c.role_id = r.id)'
  return `(select json_agg(json_build_object('id', a.id, 'role', a.role_id, 'name', r.name, 'builtIn', r.built_in, 'permission', a.permission,
      'team', a.team_id, 'scope', a.scope_kind, 'organization', a.organization_id, 'object', coalesce(a.scope_team_id, a.resource_id),
      'from', (extract(epoch from a.valid_from) * 1000)::float8, 'until', (extract(epoch from a.valid_until) * 1000)::float8, 'condition', a.condition,
      'permissions', case when not r.built_in then (select json_agg(distinct p.permission) from role_permissions p
        where p.revoked_at is null and (p.role_id = r.id or p.role_id in ${included})) end,
      'included', case when not r.built_in then (select json_agg(json_build_object('id', i.id, 'name', case when i.built_in then i.name end))
        from role_closure c join roles i on i.id = c.included_id where c.role_id = r.id) end,
      'exclusions', case when not r.built_in then (select json_agg(x) from (select e.id, e.cardinality, array_agg(m.role_id) as members
        from role_exclusion_members m join role_exclusions e on e.id = m.exclusion_id and e.kind = 'dynamic'
        where (e.organization_id is null or e.organization_id = a.organization_id)
          and (m.role_id = r.id or m.role_id in ${included}) group by e.id) x) end) order by r.name, a.id) as assignments
    from (select ${columns} from role_assignments a where a.user_id = ${user} and ${wanted}
      union all select ${columns} from role_assignments a
        where a.team_id is not null and a.team_id in (select s.team_id from team_members s where s.user_id = ${user}) and ${wanted}) a
      left join roles r on r.id = a.role_id
    where a.valid_until is null or a.valid_until > ${at})`
}

/**
 * SQL for the roles that count against others in a session: those of dynamic sets, and those that include one. Whoever
 * decides by some assignments of a user needs theirs too, wherever they are on.
 */
export const exclusiveRoles = `(with exclusive as (select m.role_id from role_exclusion_members m
      join role_exclusions e on e.id = m.exclusion_id and e.kind = 'dynamic')
    select role_id from exclusive union select c.role_id from role_closure c join exclusive x on x.role_id = c.included_id)`

/** What a session chose of the roles that its user has. */
export interface ChosenRoles {
  /** Roles that exclude each other are used only where they were chosen: UUIDs. */
  readonly activated: readonly string[]
  /** Roles that were laid down: UUIDs. */
  readonly dropped: readonly string[]
}

export const nothingChosen: ChosenRoles = { activated: [], dropped: [] }

/**
 * The assignments that are in use: those of roles that were laid down are not, nor those of
 * roles that exclude each other, until one of them is chosen (dynamic separation of duty,
 * ANSI INCITS 359). Where too many of them were chosen, for the set was made later, none is.
 */
export function inUse(assignments: readonly HeldAssignment[], { activated, dropped }: ChosenRoles): readonly HeldAssignment[] {
  const held = dropped.length === 0 ? assignments : assignments.filter(({ role }) => role === null || !dropped.includes(role))
  if (!held.some(({ exclusions }) => exclusions !== null)) return held
  const isChosen = ({ role }: HeldAssignment) => role !== null && activated.includes(role)
  const contested = tooMany(held)
  const stillTooMany = tooMany(held.filter((assignment) => isChosen(assignment)))
  return held.filter((assignment) => {
    const sets = (assignment.exclusions ?? []).filter(({ id }) => contested.has(id))
    return sets.length === 0 || (isChosen(assignment) && !sets.some(({ id }) => stillTooMany.has(id)))
  })
}

/** The sets of which these assignments together bring too many roles. */
export function tooMany(assignments: readonly HeldAssignment[]): ReadonlySet<string> {
  const brought = new Map<string, { readonly cardinality: number; readonly members: Set<string> }>()
  for (const { id, cardinality, members } of assignments.flatMap(({ exclusions }) => exclusions ?? [])) {
    const set = brought.get(id) ?? { cardinality, members: new Set<string>() }
    brought.set(id, set)
    for (const member of members) set.members.add(member)
  }
  return new Set([...brought].filter(([, { cardinality, members }]) => members.size >= cardinality).map(([id]) => id))
}

/** The patterns of permissions that an assignment gives. */
export function patternsOf({ permission, builtIn, name, permissions, included }: HeldAssignment): readonly string[] {
  if (permission !== null) return [permission]
  if (builtIn === true) return builtInRoles[name as BuiltInRoleName].permissions
  const inherited = (included ?? []).flatMap((role) => (role.name === null ? [] : builtInRoles[role.name as BuiltInRoleName].permissions))
  return inherited.length === 0 ? (permissions ?? []) : [...(permissions ?? []), ...inherited]
}

/** The same, with where they count. */
export function holdingOf(assignment: HeldAssignment): Holding {
  const { organization, scope, object } = assignment
  const place = object === null ? {} : { object: idOf(scope === 'team' ? 'team' : 'res', object) }
  return { organizationId: organization === null ? null : idOf('org', organization), permissions: patternsOf(assignment), ...place }
}

/** What, if it changes, changes what these assignments give: the roles that are no code, and the teams. */
export function dependenciesOf(assignments: readonly HeldAssignment[]): readonly Id<'rol' | 'team'>[] {
  if (assignments.every(({ builtIn, team }) => builtIn === true && team === null)) return independent
  const ids = assignments.flatMap(({ role, builtIn, team, included }) => [
    ...(role === null || builtIn === true ? [] : [idOf('rol', role), ...(included ?? []).map(({ id }) => idOf('rol', id))]),
    ...(team === null ? [] : [idOf('team', team)]),
  ])
  return [...new Set(ids)]
}

const independent: readonly Id<'rol' | 'team'>[] = []
