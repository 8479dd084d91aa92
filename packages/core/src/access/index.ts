export { builtInRoles, organizationRoles } from './builtin.ts'
export { builtInRoleNames, type BuiltInRoleName, type RoleId } from './model.ts'
export { grantsOf, grantsWithin, namesOf, type Catalogue, type GrantLimits } from './policy.ts'
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
