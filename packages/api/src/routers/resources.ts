import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { resources } = signatures

export const resourcesRouter = router({
  delete: expose(resources.delete),
  get: expose(resources.get),
  grant: expose(resources.grant),
  list: expose(resources.list),
  register: expose(resources.register),
  registerMany: expose(resources.registerMany),
  revoke: expose(resources.revoke),
  transfer: expose(resources.transfer),
  update: expose(resources.update),
})
