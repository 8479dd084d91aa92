import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { users } = signatures

export const usersRouter = router({
  create: expose(users.create),
  current: expose(users.current),
  find: expose(users.find),
  get: expose(users.get),
  import: expose(users.import),
  list: expose(users.list),
  setStatus: expose(users.setStatus),
  update: expose(users.update),
})
