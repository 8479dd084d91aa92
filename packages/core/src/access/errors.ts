export { unknownPermission } from '../grants/errors.ts'
export { alreadyAssigned, notAssignable, notHeld, tooManyAssignments } from './assignments/errors.ts'
export { excluded, exclusionViolated, heldOnResources, notOnResources } from './separation/errors.ts'
