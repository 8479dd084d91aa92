import { unknownPermission } from '../grants/errors.ts'
import { organizationInactive, userInactive } from '../organizations/errors.ts'
import { alreadyAssigned, notAssignable, notHeld, tooManyAssignments } from './assignments/errors.ts'
import { excluded, notOnResources } from './separation/errors.ts'

export { exclusionViolated, heldOnResources } from './separation/errors.ts'
export { excluded, notAssignable, notHeld, notOnResources, tooManyAssignments, unknownPermission }

/** Of every action that assigns a role or a permission. */
export const assigningErrors = [
  organizationInactive,
  userInactive,
  unknownPermission,
  excluded,
  notOnResources,
  alreadyAssigned,
  tooManyAssignments,
  notHeld,
  notAssignable,
]
