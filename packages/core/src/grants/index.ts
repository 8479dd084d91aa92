export {
  assignmentsOf,
  countingNow,
  countsFrom,
  customRolesIn,
  dependenciesOf,
  exclusiveRoles,
  givenIn,
  heldIn,
  heldWith,
  holdingOf,
  inUse,
  nothingChosen,
  ofMember,
  patternsOf,
  readyNow,
  tooMany,
  type ChosenRoles,
  type GivenAssignment,
  type HeldAssignment,
} from './assignments.ts'
export { builtInRoles, organizationRoles, ownerPermissions } from './built-in-roles.ts'
export { grantsOf, grantsWithin, type GrantLimits } from './compile.ts'
export { byRole, RoleMemory, storedDefinitions } from './definitions.ts'
export { holdingsOf } from './holdings.ts'
export { builtInRoleNames, type BuiltInRoleName } from './model.ts'
export {
  bothHave,
  coveredBy,
  eitherHas,
  groupOf,
  groupsOf,
  hasPermission,
  listed,
  namesOf,
  permissionsOf,
  standsForNothing,
} from './permissions.ts'
