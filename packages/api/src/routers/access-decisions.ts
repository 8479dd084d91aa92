import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { access } = signatures

export const decisionsProcedures = {
  check: expose(access.check),
  checkMany: expose(access.checkMany),
  listPermissions: expose(access.listPermissions),
  listResources: expose(access.listResources),
  whoCan: expose(access.whoCan),
}
