import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { policies } = signatures

export const policiesRouter = router({
  assign: expose(policies.assign),
  create: expose(policies.create),
  delete: expose(policies.delete),
  effective: expose(policies.effective),
  get: expose(policies.get),
  list: expose(policies.list),
  update: expose(policies.update),
})
