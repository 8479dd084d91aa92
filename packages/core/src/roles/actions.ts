import type { Actions } from '../kernel/action.ts'
import { getRole, listRoles } from './listing.ts'
import { createRole, deleteRole, updateRole } from './manage.ts'
import { setParents } from './parents.ts'
import { grantRolePermission, revokeRolePermission } from './permissions.ts'
import type { rolesSignatures } from './signatures.ts'

/** The actions of `roles`. */
export const rolesActions: Actions<typeof rolesSignatures> = {
  create: createRole,
  delete: deleteRole,
  get: getRole,
  grantPermission: grantRolePermission,
  list: listRoles,
  revokePermission: revokeRolePermission,
  setParents,
  update: updateRole,
}
