import type { Command } from 'commander'
import { addExclusions } from './access-exclusions.ts'
import { addAssignments } from './access-assignments.ts'
import { addDecisions } from './access-decisions.ts'
import { addExplaining } from './access-explaining.ts'
import { addReview } from './access-review.ts'
import { addCode } from './access-code.ts'

/** Who may do what: assigning, asking, explaining, and access as code. */
export function addAccess(program: Command): void {
  const access = program.command('access').description('Say who may do what, ask, and have it explained')
  addAssignments(access)
  addDecisions(access)
  addExplaining(access)
  addCode(access)
  addReview(access)
  addExclusions(access)
}
