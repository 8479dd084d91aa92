import type { Condition } from '../../grants/model.ts'
import { mostListed, type AccessChanges, type AssignmentChange, type ExclusionChange, type RoleChange, type Terms } from './model.ts'
import {
  assignmentKey,
  type RoleReference,
  type Wanted,
  type WantedAssignment,
  type WantedExclusion,
  type WantedRole,
} from './resolving.ts'
import type { StandingAssignment, StandingExclusion, StandingRole } from './standing.ts'

/** What stands, as far as a document may change it. */
export interface Standing {
  readonly roles: readonly StandingRole[]
  /** Names of all roles that may be included or excluded. */
  readonly names: ReadonlyMap<string, string>
  readonly exclusions: readonly StandingExclusion[]
  readonly assignments: readonly StandingAssignment[]
}

/** A change, with what it is made from. */
export interface Difference {
  readonly roles: readonly { readonly change: RoleChange; readonly wanted: WantedRole | null; readonly standing: StandingRole | null }[]
  readonly exclusions: readonly {
    readonly change: ExclusionChange
    readonly wanted: WantedExclusion | null
    readonly standing: StandingExclusion | null
  }[]
  readonly assignments: readonly {
    readonly change: AssignmentChange
    readonly wanted: WantedAssignment | null
    readonly standing: StandingAssignment | null
  }[]
}

/** What a document says otherwise than it stands. Pure. */
export function differenceOf(wanted: Wanted, standing: Standing, now: Date): Difference {
  return {
    roles: rolesOf(wanted, standing),
    exclusions: exclusionsOf(wanted, standing),
    assignments: assignmentsOf(wanted, standing, now.getTime()),
  }
}

/** The same as it is told: the first of each kind, and how many there are. */
export function told({ roles, exclusions, assignments }: Difference): AccessChanges {
  const first = <Change>(changes: readonly { readonly change: Change }[]) => changes.slice(0, mostListed).map(({ change }) => change)
  return {
    count: roles.length + exclusions.length + assignments.length,
    roles: first(roles),
    exclusions: first(exclusions),
    assignments: first(assignments),
  }
}

function rolesOf({ manages, roles }: Wanted, standing: Standing): Difference['roles'] {
  const byName = new Map(standing.roles.map((role) => [role.name, role]))
  const named = new Set(roles.map(({ name }) => name))
  const gone = manages.has('roles') ? standing.roles.filter(({ name }) => !named.has(name)) : []
  return [
    ...roles.flatMap((wanted) => roleChange(wanted, byName.get(wanted.name) ?? null, standing.names)),
    ...gone.map((role) => ({ change: roleDeleted(role, standing.names), wanted: null, standing: role })),
  ]
}

function roleChange(wanted: WantedRole, standing: StandingRole | null, names: Standing['names']): Difference['roles'] {
  const included = (standing?.includes ?? []).map((id) => names.get(id) ?? id)
  const before = standing?.description ?? null
  const after = wanted.description === undefined ? before : wanted.description === '' ? null : wanted.description
  const change: RoleChange = {
    change: standing === null ? 'create' : 'update',
    roleId: standing?.id ?? null,
    name: wanted.name,
    description: before === after ? null : { before, after },
    permissions: between(standing?.permissions ?? [], wanted.permissions),
    includes: between(
      included,
      wanted.includes?.map(({ name }) => name),
    ),
  }
  const same =
    change.description === null && [change.permissions, change.includes].every(({ added, removed }) => added.length + removed.length === 0)
  return standing !== null && same ? [] : [{ change, wanted, standing }]
}

function roleDeleted({ id, name, description, permissions, includes }: StandingRole, names: Standing['names']): RoleChange {
  return {
    change: 'delete',
    roleId: id,
    name,
    description: description === null ? null : { before: description, after: null },
    permissions: { added: [], removed: [...permissions] },
    includes: { added: [], removed: includes.map((included) => names.get(included) ?? included).sort() },
  }
}

/** What is in one list only; a list that is not given stays. */
function between(before: readonly string[], after: readonly string[] = before): { added: string[]; removed: string[] } {
  return {
    added: [...new Set(after)].filter((item) => !before.includes(item)).sort(),
    removed: before.filter((item) => !after.includes(item)).sort(),
  }
}

function exclusionsOf({ manages, exclusions }: Wanted, standing: Standing): Difference['exclusions'] {
  const byName = new Map(standing.exclusions.map((exclusion) => [exclusion.name, exclusion]))
  const named = new Set(exclusions.map(({ name }) => name))
  const gone = manages.has('exclusions') ? standing.exclusions.filter(({ name }) => !named.has(name)) : []
  return [
    ...exclusions.flatMap((wanted) => exclusionChange(wanted, byName.get(wanted.name) ?? null, standing.names)),
    ...gone.flatMap((exclusion) => exclusionChange(null, exclusion, standing.names)),
  ]
}

function exclusionChange(
  wanted: WantedExclusion | null,
  standing: StandingExclusion | null,
  names: Standing['names'],
): Difference['exclusions'] {
  const before =
    standing &&
    stateOf(
      standing,
      standing.roles.map((id) => names.get(id) ?? id),
    )
  const after =
    wanted &&
    stateOf(
      wanted,
      wanted.roles.map(({ name }) => name),
    )
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const change: ExclusionChange = {
    change: before === null ? 'create' : after === null ? 'delete' : 'update',
    exclusionId: standing?.id ?? null,
    name: (wanted ?? standing)?.name ?? '',
    before,
    after,
  }
  return [{ change, wanted, standing }]
}

function stateOf({ kind, cardinality }: Pick<WantedExclusion, 'kind' | 'cardinality'>, roles: readonly string[]) {
  return { kind, cardinality, roles: [...new Set(roles)].sort() }
}

function assignmentsOf({ manages, roles, assignments }: Wanted, standing: Standing, now: number): Difference['assignments'] {
  const byKey = new Map(standing.assignments.map((assignment) => [assignmentKey(assignment), assignment]))
  const wanted = new Map(assignments.map((assignment) => [assignmentKey(assignment), assignment]))
  const kept = manages.has('roles') ? new Set(roles.map(({ name }) => name)) : null
  const own = new Set(standing.roles.map(({ id }) => id))
  const ends = ({ role, provided }: StandingAssignment): boolean =>
    (manages.has('assignments') && !provided) || (kept !== null && role !== null && own.has(role.id) && !kept.has(role.name))
  const gone = standing.assignments.filter((assignment) => !wanted.has(assignmentKey(assignment)) && ends(assignment))
  return [
    ...assignments.flatMap((assignment) => assignmentChange(assignment, byKey.get(assignmentKey(assignment)) ?? null, now)),
    ...gone.map((assignment) => changed(null, assignment)),
  ]
}

function assignmentChange(wanted: WantedAssignment, standing: StandingAssignment | null, now: number): Difference['assignments'] {
  // Its time is over: whoever has it still, has it no longer.
  if (wanted.until !== null && wanted.until <= now) return standing === null ? [] : [changed(null, standing)]
  if (standing !== null && sameTerms(wanted, standing, now)) return []
  return [changed(wanted, standing)]
}

/** One that has begun is the same whenever it did: nobody had yesterday what a document says today. */
function sameTerms(wanted: WantedAssignment, standing: StandingAssignment, now: number): boolean {
  const begun = standing.from <= now && (wanted.from ?? now) <= now
  return (begun || wanted.from === standing.from) && wanted.until === standing.until && words(wanted.when) === words(standing.when)
}

function words(condition: Condition | null): string {
  return JSON.stringify([condition?.assurance ?? null, [...(condition?.networks ?? [])].sort()])
}

function changed(wanted: WantedAssignment | null, standing: StandingAssignment | null): Difference['assignments'][number] {
  const { subject, role, permission, on } = (wanted ?? standing) as WantedAssignment | StandingAssignment
  const change: AssignmentChange = {
    change: standing === null ? 'give' : wanted === null ? 'end' : 'replace',
    assignmentId: standing?.id ?? null,
    subject,
    role: (role as RoleReference | null)?.name ?? null,
    permission,
    on,
    before: standing && termsOf(standing),
    after: wanted && termsOf(wanted),
  }
  return { change, wanted, standing }
}

function termsOf({ from, until, when }: { from: number | null; until: number | null; when: Condition | null }): Terms {
  return {
    from: from === null ? null : new Date(from),
    until: until === null ? null : new Date(until),
    when:
      when === null
        ? null
        : { ...(when.assurance && { assurance: when.assurance }), ...(when.networks && { networks: [...when.networks] }) },
  }
}
