export { builtInRoles } from './builtin.ts'
export { builtInRoleNames, type BuiltInRoleName, type RoleId } from './model.ts'
export { grantsOf, type Catalogue } from './policy.ts'
export { activeSuperadmins, assignRole, createRole, findRoles, hadSuperadmin, lockSuperadmins, rolesThatGrant } from './repository.ts'
