import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { access } = signatures

export const assignmentsProcedures = {
  assignRole: expose(access.assignRole),
  grantPermission: expose(access.grantPermission),
  listAssignments: expose(access.listAssignments),
  revokePermission: expose(access.revokePermission),
  unassignRole: expose(access.unassignRole),
}
