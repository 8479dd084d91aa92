export { contentOfRole, refuseUnheld } from './assignments/content.ts'
export { builtInRoles, organizationRoles, ownerPermissions } from './builtin.ts'
export { notHeld } from './assignments/errors.ts'
export { refuseExcluded } from './exclusions/checking.ts'
export { excluded } from './exclusions/errors.ts'
export { leaveSets, refuseOnResources, refuseViolated, setsNeeding } from './exclusions/keeping.ts'
export { lockStructure } from './exclusions/structure.ts'
export { setsOf } from './exclusions/violations.ts'
export { checkAtOnce, questionOf, type Question } from './decisions/at-once.ts'
export { DecisionMemory, decisionsOf } from './decisions/memory.ts'
export { byRole, storedDefinitions } from './definitions.ts'
export {
  assignmentsOf,
  countingNow,
  countsFrom,
  customRolesIn,
  dependenciesOf,
  exclusiveRoles,
  givenIn,
  heldWith,
  holdingOf,
  nothingChosen,
  ofMember,
  type ChosenRoles,
  type GivenAssignment,
  type HeldAssignment,
} from './held.ts'
export { builtInRoleNames, type BuiltInRoleName, type RoleId } from './model.ts'
export { namesOf, permissionsOf, standsForNothing } from './permissions.ts'
export { findResources, targetAt, type Place } from './places.ts'
export { grantsOf, grantsWithin, type GrantLimits } from './policy.ts'
export { refuseUnknown } from './unknown.ts'
export { PermissionUses, writePermissionUses, type PermissionUse } from './review/uses.ts'
export {
  activeSuperadmins,
  assignRole,
  createRole,
  currentAssignment,
  findRoles,
  hadSuperadmin,
  holdingsOf,
  lockSuperadmins,
  rolesThatGrant,
} from './repository.ts'
