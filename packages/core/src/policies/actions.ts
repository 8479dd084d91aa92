import type { Actions } from '../kernel/action.ts'
import { assignPolicy } from './assigning.ts'
import { createPolicy, deletePolicy, updatePolicy } from './managing.ts'
import { effectivePolicy, getPolicy, listPolicies } from './reading.ts'
import type { policiesSignatures } from './signatures.ts'

/** The actions of `policies`. */
export const policiesActions: Actions<typeof policiesSignatures> = {
  assign: assignPolicy,
  create: createPolicy,
  delete: deletePolicy,
  effective: effectivePolicy,
  get: getPolicy,
  list: listPolicies,
  update: updatePolicy,
}
