import { mayActFrom } from '../../kernel/network.ts'
import { activeAssignments, type ResolvedAssignment } from '../../grants/index.ts'
import type { SubjectFacts } from '../facts/subjects.ts'
import type { DecisionContext } from '../subjects.ts'
import type { Unmet } from './model.ts'

/** Why each assignment of a subject is not effective now and from there, by its id; effective ones are left out. */
export function obstaclesOf(facts: SubjectFacts, { now, from }: DecisionContext): ReadonlyMap<string, Unmet['code']> {
  const at = now.getTime()
  const unready = new Map<string, Unmet['code']>()
  const ready: ResolvedAssignment[] = []
  for (const assignment of facts.assignments) {
    const { id, from: begins, until, condition } = assignment
    if (begins > at) unready.set(id, 'begins')
    else if (until !== null && until <= at) unready.set(id, 'expired')
    else if (condition?.assurance !== undefined && condition.assurance !== facts.assurance) unready.set(id, 'secondFactor')
    else ready.push(assignment)
  }
  const used = new Set(activeAssignments(ready, facts.activeRoles))
  for (const assignment of ready) {
    const { id, role, condition } = assignment
    const networks = condition?.networks
    if (!used.has(assignment)) unready.set(id, role !== null && facts.activeRoles.deactivated.includes(role) ? 'deactivated' : 'contested')
    else if (networks !== undefined && (from === null || !mayActFrom(networks, from))) unready.set(id, 'network')
  }
  return unready
}
