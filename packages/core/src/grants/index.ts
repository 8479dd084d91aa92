export {
  assignmentTuple,
  assignmentsOf,
  effectiveAssignments,
  appliesFrom,
  customRolesIn,
  dependenciesOf,
  exclusiveRoles,
  parseAssignments,
  areBeyondUser,
  parseResolved,
  resolveAssignments,
  grantOf,
  activeAssignments,
  defaultActiveRoles,
  countingIn,
  applicableAssignments,
  overfullSets,
  type ActiveRoles,
  type LoadedAssignment,
  type ResolvedAssignment,
} from './assignments.ts'
export { builtInRoles, organizationRoles, ownerPermissions } from './built-in-roles.ts'
export { grantsOf, grantsWithin, SharedGrants, type GrantLimits } from './compile.ts'
export { byRole, RoleDefinitionCache, storedDefinitions } from './definitions.ts'
export { isPrivileged, loadAssignedGrants, loadGrants, loadGrantsOfAll } from './load.ts'
export { forEachMoment, membershipsOf, seatsOf, timeOf, wasSo, type Moment } from './moment.ts'
export { builtInRoleNames, type BuiltInRoleName } from './model.ts'
export {
  intersection,
  coveredBy,
  union,
  groupOf,
  groupsOf,
  hasPermission,
  listPermissions,
  namesOf,
  PermissionSets,
  permissionsOf,
  matchesNoAction,
} from './permissions.ts'
export { findStalePermissions } from './stale-permissions.ts'
export { requireKnownPermissions, similarActions } from './unknown-permissions.ts'
