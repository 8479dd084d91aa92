export { contentOfRole, refuseUnheld } from './assignments/content.ts'
export { notHeld } from './assignments/errors.ts'
export { refuseExcluded } from './exclusions/checking.ts'
export { excluded } from './exclusions/errors.ts'
export { leaveSets, refuseOnResources, refuseViolated, setsNeeding } from './exclusions/keeping.ts'
export { lockStructure } from './exclusions/structure.ts'
export { setsOf } from './exclusions/violations.ts'
export { checkAtOnce, questionOf, type Question } from './decisions/at-once.ts'
export { DecisionMemory, decisionsOf } from './decisions/memory.ts'
export type { RoleId } from './model.ts'
export { findResources, targetAt, type Place } from './places.ts'
export { refuseUnknown } from './unknown.ts'
export { PermissionUses, writePermissionUses, type PermissionUse } from './review/uses.ts'
export {
  activeSuperadmins,
  assignRole,
  createRole,
  currentAssignment,
  findRoles,
  hadSuperadmin,
  lockSuperadmins,
  rolesThatGrant,
} from './repository.ts'
