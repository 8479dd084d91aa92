import type { Condition } from '../../grants/model.ts'
import { mostListed, type AccessChanges, type AssignmentChange, type ExclusionChange, type RoleChange, type Terms } from './model.ts'
import {
  assignmentKey,
  type RoleReference,
  type DesiredState,
  type DesiredAssignment,
  type DesiredExclusion,
  type DesiredRole,
} from './resolve.ts'
import { conditionKey } from '../assignments/rules.ts'
import type { Role } from '../model.ts'
import type { Exclusion } from '../separation/model.ts'
import type { CurrentAssignment } from './current.ts'

/** The current state that a document is compared with. */
export interface CurrentState {
  readonly roles: readonly Role[]
  /** Names by id of all roles that may be included, or be in a set. */
  readonly names: ReadonlyMap<string, string>
  readonly exclusions: readonly Exclusion[]
  readonly assignments: readonly CurrentAssignment[]
}

/** Each change with its desired and current state. */
export interface Difference {
  readonly roles: readonly { readonly change: RoleChange; readonly desired: DesiredRole | null; readonly current: Role | null }[]
  readonly exclusions: readonly {
    readonly change: ExclusionChange
    readonly desired: DesiredExclusion | null
    readonly current: Exclusion | null
  }[]
  readonly assignments: readonly {
    readonly change: AssignmentChange
    readonly desired: DesiredAssignment | null
    readonly current: CurrentAssignment | null
  }[]
}

/** The changes that turn the current state into the desired one. Pure. */
export function differenceOf(desired: DesiredState, current: CurrentState, now: Date): Difference {
  return {
    roles: rolesOf(desired, current),
    exclusions: exclusionsOf(desired, current),
    assignments: assignmentsOf(desired, current, now.getTime()),
  }
}

/** The difference as output: the first changes of each kind, and how many there are. */
export function shownChanges({ roles, exclusions, assignments }: Difference): AccessChanges {
  const first = <Change>(changes: readonly { readonly change: Change }[]) => changes.slice(0, mostListed).map(({ change }) => change)
  return {
    count: roles.length + exclusions.length + assignments.length,
    roles: first(roles),
    exclusions: first(exclusions),
    assignments: first(assignments),
  }
}

function rolesOf({ manages, roles }: DesiredState, current: CurrentState): Difference['roles'] {
  const byName = new Map(current.roles.map((role) => [role.name, role]))
  const named = new Set(roles.map(({ name }) => name))
  const gone = manages.has('roles') ? current.roles.filter(({ name }) => !named.has(name)) : []
  return [
    ...roles.flatMap((desired) => roleChange(desired, byName.get(desired.name) ?? null, current.names)),
    ...gone.map((role) => ({ change: roleDeleted(role, current.names), desired: null, current: role })),
  ]
}

function roleChange(desired: DesiredRole, current: Role | null, names: CurrentState['names']): Difference['roles'] {
  const included = (current?.includes ?? []).map(({ id }) => names.get(id) ?? id)
  const before = current?.description ?? null
  const after = desired.description === undefined ? before : desired.description === '' ? null : desired.description
  const change: RoleChange = {
    change: current === null ? 'create' : 'update',
    roleId: current?.id ?? null,
    name: desired.name,
    description: before === after ? null : { before, after },
    permissions: listDifference(current?.permissions ?? [], desired.permissions),
    includes: listDifference(
      included,
      desired.includes?.map(({ name }) => name),
    ),
  }
  const same =
    change.description === null && [change.permissions, change.includes].every(({ added, removed }) => added.length + removed.length === 0)
  return current !== null && same ? [] : [{ change, desired, current }]
}

function roleDeleted({ id, name, description, permissions, includes }: Role, names: CurrentState['names']): RoleChange {
  return {
    change: 'delete',
    roleId: id,
    name,
    description: description === null ? null : { before: description, after: null },
    permissions: { added: [], removed: [...permissions] },
    includes: { added: [], removed: includes.map((included) => names.get(included.id) ?? included.id).sort() },
  }
}

/** Items that are in only one of the lists; without a new list nothing changes. */
function listDifference(before: readonly string[], after: readonly string[] = before): { added: string[]; removed: string[] } {
  return {
    added: [...new Set(after)].filter((item) => !before.includes(item)).sort(),
    removed: before.filter((item) => !after.includes(item)).sort(),
  }
}

function exclusionsOf({ manages, exclusions }: DesiredState, current: CurrentState): Difference['exclusions'] {
  const byName = new Map(current.exclusions.map((exclusion) => [exclusion.name, exclusion]))
  const named = new Set(exclusions.map(({ name }) => name))
  const gone = manages.has('exclusions') ? current.exclusions.filter(({ name }) => !named.has(name)) : []
  return [
    ...exclusions.flatMap((desired) => exclusionChange(desired, byName.get(desired.name) ?? null, current.names)),
    ...gone.flatMap((exclusion) => exclusionChange(null, exclusion, current.names)),
  ]
}

function exclusionChange(
  desired: DesiredExclusion | null,
  current: Exclusion | null,
  names: CurrentState['names'],
): Difference['exclusions'] {
  const before =
    current &&
    stateOf(
      current,
      current.roles.map(({ id }) => names.get(id) ?? id),
    )
  const after =
    desired &&
    stateOf(
      desired,
      desired.roles.map(({ name }) => name),
    )
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const change: ExclusionChange = {
    change: before === null ? 'create' : after === null ? 'delete' : 'update',
    exclusionId: current?.id ?? null,
    name: (desired ?? current)?.name ?? '',
    before,
    after,
  }
  return [{ change, desired, current }]
}

function stateOf({ kind, cardinality }: Pick<DesiredExclusion, 'kind' | 'cardinality'>, roles: readonly string[]) {
  return { kind, cardinality, roles: [...new Set(roles)].sort() }
}

function assignmentsOf({ manages, roles, assignments }: DesiredState, current: CurrentState, now: number): Difference['assignments'] {
  const byKey = new Map(current.assignments.map((assignment) => [assignmentKey(assignment), assignment]))
  const desired = new Map(assignments.map((assignment) => [assignmentKey(assignment), assignment]))
  const kept = manages.has('roles') ? new Set(roles.map(({ name }) => name)) : null
  const own = new Set(current.roles.map(({ id }) => id))
  const ends = ({ role, provided }: CurrentAssignment): boolean =>
    (manages.has('assignments') && !provided) || (kept !== null && role !== null && own.has(role.id) && !kept.has(role.name))
  const gone = current.assignments.filter((assignment) => !desired.has(assignmentKey(assignment)) && ends(assignment))
  return [
    ...assignments.flatMap((assignment) => assignmentChange(assignment, byKey.get(assignmentKey(assignment)) ?? null, now)),
    ...gone.map((assignment) => assignmentDifference(null, assignment)),
  ]
}

function assignmentChange(desired: DesiredAssignment, current: CurrentAssignment | null, now: number): Difference['assignments'] {
  // The desired assignment has expired already, so a current one ends.
  if (desired.until !== null && desired.until <= now) return current === null ? [] : [assignmentDifference(null, current)]
  if (current !== null && sameTerms(desired, current, now)) return []
  return [assignmentDifference(desired, current)]
}

/** Two assignments that have begun already are the same whenever they did: a document cannot assign in the past. */
function sameTerms(desired: DesiredAssignment, current: CurrentAssignment, now: number): boolean {
  const begun = current.from <= now && (desired.from ?? now) <= now
  return (
    (begun || desired.from === current.from) && desired.until === current.until && conditionKey(desired.when) === conditionKey(current.when)
  )
}

function assignmentDifference(desired: DesiredAssignment | null, current: CurrentAssignment | null): Difference['assignments'][number] {
  const { subject, role, permission, on } = (desired ?? current) as DesiredAssignment | CurrentAssignment
  const change: AssignmentChange = {
    change: current === null ? 'give' : desired === null ? 'end' : 'replace',
    assignmentId: current?.id ?? null,
    subject,
    role: (role as RoleReference | null)?.name ?? null,
    permission,
    on,
    before: current && termsOf(current),
    after: desired && termsOf(desired),
  }
  return { change, desired, current }
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
