import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { tokens } = signatures

export const tokensRouter = router({
  create: expose(tokens.create),
  get: expose(tokens.get),
  introspect: expose(tokens.introspect),
  issueAgent: expose(tokens.issueAgent),
  issueWebsocket: expose(tokens.issueWebsocket),
  list: expose(tokens.list),
  revoke: expose(tokens.revoke),
  rotate: expose(tokens.rotate),
  verify: expose(tokens.verify),
})
