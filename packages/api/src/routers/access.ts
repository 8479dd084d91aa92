import { router } from '../trpc.ts'
import { exclusionsProcedures } from './access-exclusions.ts'
import { assignmentsProcedures } from './access-assignments.ts'
import { decisionsProcedures } from './access-decisions.ts'
import { explainingProcedures } from './access-explaining.ts'
import { reviewProcedures } from './access-review.ts'
import { codeProcedures } from './access-code.ts'

export const accessRouter = router({
  ...exclusionsProcedures,
  ...assignmentsProcedures,
  ...decisionsProcedures,
  ...explainingProcedures,
  ...reviewProcedures,
  ...codeProcedures,
})
