import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { sessions } = signatures

export const sessionsRouter = router({
  end: expose(sessions.end),
  endAll: expose(sessions.endAll),
  endOthers: expose(sessions.endOthers),
  get: expose(sessions.get),
  list: expose(sessions.list),
  listActive: expose(sessions.listActive),
  listRecent: expose(sessions.listRecent),
  whoami: expose(sessions.whoami),
})
