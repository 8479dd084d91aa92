import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { factors } = signatures

export const factorsRouter = router({
  activateTotp: expose(factors.activateTotp),
  beginTotp: expose(factors.beginTotp),
  disableTotp: expose(factors.disableTotp),
  list: expose(factors.list),
  regenerateRecoveryCodes: expose(factors.regenerateRecoveryCodes),
  reset: expose(factors.reset),
})
