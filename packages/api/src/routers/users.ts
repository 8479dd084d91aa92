import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { users } = signatures

export const usersRouter = router({
  activity: expose(users.activity),
  archive: expose(users.archive),
  bulkArchive: expose(users.bulkArchive),
  bulkCreate: expose(users.bulkCreate),
  bulkUpdate: expose(users.bulkUpdate),
  contain: expose(users.contain),
  count: expose(users.count),
  create: expose(users.create),
  current: expose(users.current),
  demote: expose(users.demote),
  find: expose(users.find),
  get: expose(users.get),
  import: expose(users.import),
  list: expose(users.list),
  listWithSessions: expose(users.listWithSessions),
  promote: expose(users.promote),
  restore: expose(users.restore),
  search: expose(users.search),
  setLegalHold: expose(users.setLegalHold),
  setStatus: expose(users.setStatus),
  stats: expose(users.stats),
  update: expose(users.update),
  updateCurrent: expose(users.updateCurrent),
  updatePreferences: expose(users.updatePreferences),
})
