import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { sessions } = signatures

export const sessionsRouter = router({
  whoami: expose(sessions.whoami),
})
