import { inUse, tooMany, type ChosenRoles, type HeldAssignment } from '../../grants/index.ts'
import type { ActiveRoleState } from './model.ts'

/** Why a role cannot be chosen: the set, and the roles of it that are in use. UUIDs. */
export interface TooMany {
  readonly exclusion: string
  readonly active: readonly string[]
}

/** How the assignments of a session stand: those that count now, by time and by what the session proved. */
export function statesOf(assignments: readonly HeldAssignment[], chosen: ChosenRoles): ReadonlyMap<HeldAssignment, ActiveRoleState> {
  const used = new Set(inUse(assignments, chosen))
  const stateOf = (assignment: HeldAssignment): ActiveRoleState => {
    if (used.has(assignment)) return 'active'
    return assignment.role !== null && chosen.dropped.includes(assignment.role) ? 'dropped' : 'contested'
  }
  return new Map(assignments.map((assignment) => [assignment, stateOf(assignment)]))
}

/**
 * What is chosen when a role is used from now on, beside all that is in use already:
 * nothing that is in use is taken from the session behind its back (AddActiveRole of
 * ANSI INCITS 359). Or why that is too much.
 */
export function choosing(assignments: readonly HeldAssignment[], chosen: ChosenRoles, role: string): ChosenRoles | TooMany {
  const used = inUse(assignments, chosen)
  const wanted = assignments.filter((assignment) => assignment.role === role || used.includes(assignment))
  const dropped = chosen.dropped.filter((id) => id !== role)
  const activated = [...new Set(wanted.flatMap((assignment) => (assignment.exclusions === null ? [] : (assignment.role ?? []))))]
  const next = { activated, dropped }
  const lost = wanted.filter((assignment) => !inUse(assignments, next).includes(assignment))
  const broken = lost.flatMap(({ exclusions }) => exclusions ?? []).map(({ id }) => id)
  const [exclusion] = [...tooMany(assignments.filter((assignment) => activated.includes(assignment.role ?? '')))].filter((id) =>
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
export function dropping(assignments: readonly HeldAssignment[], chosen: ChosenRoles, role: string): ChosenRoles {
  const unchosen = { ...chosen, activated: chosen.activated.filter((id) => id !== role) }
  const stillUsed = inUse(assignments, unchosen).some((assignment) => assignment.role === role)
  return stillUsed ? { ...unchosen, dropped: [...new Set([...chosen.dropped, role])] } : unchosen
}
