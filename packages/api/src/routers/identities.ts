import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { identities } = signatures

export const identitiesRouter = router({
  list: expose(identities.list),
  link: expose(identities.link),
  unlink: expose(identities.unlink),
})
