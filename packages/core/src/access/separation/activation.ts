import { activeAssignments, overfullSets, type ActiveRoles, type ResolvedAssignment } from '../../grants/index.ts'
import type { ActiveRoleState } from './model.ts'

/** Why a role cannot be activated: the set, and its active roles. UUIDs. */
export interface ActivationConflict {
  readonly exclusion: string
  readonly active: readonly string[]
}

/** The state of each assignment in a session, of those that are valid and whose assurance is met. */
export function statesOf(
  assignments: readonly ResolvedAssignment[],
  activeRoles: ActiveRoles,
): ReadonlyMap<ResolvedAssignment, ActiveRoleState> {
  const used = new Set(activeAssignments(assignments, activeRoles))
  const stateOf = (assignment: ResolvedAssignment): ActiveRoleState => {
    if (used.has(assignment)) return 'active'
    return assignment.role !== null && activeRoles.deactivated.includes(assignment.role) ? 'deactivated' : 'contested'
  }
  return new Map(assignments.map((assignment) => [assignment, stateOf(assignment)]))
}

/**
 * Activates a role in addition to all that are active: no active role is deactivated silently (AddActiveRole in ANSI INCITS 359). Returns
 * the conflict if that is too many.
 */
export function activate(
  assignments: readonly ResolvedAssignment[],
  activeRoles: ActiveRoles,
  role: string,
): ActiveRoles | ActivationConflict {
  const used = activeAssignments(assignments, activeRoles)
  const wanted = assignments.filter((assignment) => assignment.role === role || used.includes(assignment))
  const deactivated = activeRoles.deactivated.filter((id) => id !== role)
  const activated = [...new Set(wanted.flatMap((assignment) => (assignment.exclusions === null ? [] : (assignment.role ?? []))))]
  const next = { activated, deactivated }
  const lost = wanted.filter((assignment) => !activeAssignments(assignments, next).includes(assignment))
  const broken = lost.flatMap(({ exclusions }) => exclusions ?? []).map(({ id }) => id)
  const [exclusion] = [...overfullSets(assignments.filter((assignment) => activated.includes(assignment.role ?? '')))].filter((id) =>
    broken.includes(id),
  )
  if (exclusion === undefined) return next
  const active = used.filter((assignment) => assignment.role !== role && (assignment.exclusions ?? []).some(({ id }) => id === exclusion))
  return { exclusion, active: [...new Set(active.flatMap((assignment) => assignment.role ?? []))] }
}

/**
 * Deactivates a role (DropActiveRole). A role that was activated among mutually exclusive ones only loses its activation: if it were
 * marked as deactivated, the others would not be in conflict any more, and one would become active by itself.
 */
export function deactivate(assignments: readonly ResolvedAssignment[], activeRoles: ActiveRoles, role: string): ActiveRoles {
  const withoutActivation = { ...activeRoles, activated: activeRoles.activated.filter((id) => id !== role) }
  const stillUsed = activeAssignments(assignments, withoutActivation).some((assignment) => assignment.role === role)
  return stillUsed ? { ...withoutActivation, deactivated: [...new Set([...activeRoles.deactivated, role])] } : withoutActivation
}
