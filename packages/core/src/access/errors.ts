export { unknownPermission } from '../grants/errors.ts'
export { alreadyAssigned, notAssignable, notHeld } from './assignments/errors.ts'
export { excluded, exclusionViolated, heldOnResources, notOnResources } from './separation/errors.ts'
