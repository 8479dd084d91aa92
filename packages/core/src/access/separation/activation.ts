import { activeAssignments, overfullSets, type ActiveRoles, type ResolvedAssignment } from '../../grants/index.ts'
import type { ActiveRoleState } from './model.ts'

/** Why a role cannot be activeRoles: the set, and the roles of it that are in use. UUIDs. */
export interface ActivationConflict {
  readonly exclusion: string
  readonly active: readonly string[]
}

/** How the assignments of a session stand: those that count now, by time and by what the session proved. */
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
 * What is chosen when a role is used from now on, beside all that is in use already:
 * nothing that is in use is taken from the session behind its back (AddActiveRole of
 * ANSI INCITS 359). Or why that is too much.
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
 * What is chosen when a role is laid down. One that was chosen among those it excludes is only chosen no
 * more: if it were dropped, they would exclude nothing any more, and another would come into use by itself.
 */
export function deactivate(assignments: readonly ResolvedAssignment[], activeRoles: ActiveRoles, role: string): ActiveRoles {
  const unchosen = { ...activeRoles, activated: activeRoles.activated.filter((id) => id !== role) }
  const stillUsed = activeAssignments(assignments, unchosen).some((assignment) => assignment.role === role)
  return stillUsed ? { ...unchosen, deactivated: [...new Set([...activeRoles.deactivated, role])] } : unchosen
}
