import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { teams } = signatures

export const teamsRouter = router({
  addMember: expose(teams.addMember),
  create: expose(teams.create),
  delete: expose(teams.delete),
  list: expose(teams.list),
  listMembers: expose(teams.listMembers),
  removeMember: expose(teams.removeMember),
  update: expose(teams.update),
})
