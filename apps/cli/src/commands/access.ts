import type { Command } from 'commander'
import { addExclusions } from './access-separation.ts'
import { addAssignments } from './access-assignments.ts'
import { addDecisions } from './access-decisions.ts'
import { addExplaining } from './access-explain.ts'
import { addReview } from './access-review.ts'
import { addCode } from './access-code.ts'

/** Who may do what: assignments, decisions, explanations, and access as code. */
export function addAccess(program: Command): void {
  const access = program.command('access').description('Decide who may do what, ask, and get explanations')
  addAssignments(access)
  addDecisions(access)
  addExplaining(access)
  addCode(access)
  addReview(access)
  addExclusions(access)
}
