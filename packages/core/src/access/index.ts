export { contentOfRole, requireHeld } from './assignments/content.ts'
export { notHeld } from './assignments/errors.ts'
export { enforceSeparationOfDuty } from './exclusions/checking.ts'
export { excluded } from './exclusions/errors.ts'
export { removeFromSets, requireNotOnResources, requireSatisfied, setsNeeding } from './exclusions/keeping.ts'
export { lockRoleHierarchy } from './exclusions/structure.ts'
export { setsOf } from './exclusions/violations.ts'
export { checkAtOnce, questionOf, type Question } from './decisions/at-once.ts'
export { DecisionMemory, decisionsOf } from './decisions/memory.ts'
export type { RoleId } from './model.ts'
export { findResources, targetAt, type Scope } from './places.ts'
export { requireKnownPermissions } from './unknown.ts'
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
