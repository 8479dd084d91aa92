import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { roles } = signatures

export const rolesRouter = router({
  create: expose(roles.create),
  delete: expose(roles.delete),
  get: expose(roles.get),
  grantPermission: expose(roles.grantPermission),
  list: expose(roles.list),
  revokePermission: expose(roles.revokePermission),
  setParents: expose(roles.setParents),
  update: expose(roles.update),
})
