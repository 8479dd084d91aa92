import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { access } = signatures

export const exclusionsProcedures = {
  activateRole: expose(access.activateRole),
  createExclusion: expose(access.createExclusion),
  deactivateRole: expose(access.deactivateRole),
  deleteExclusion: expose(access.deleteExclusion),
  listActiveRoles: expose(access.listActiveRoles),
  listExclusions: expose(access.listExclusions),
  updateExclusion: expose(access.updateExclusion),
}
