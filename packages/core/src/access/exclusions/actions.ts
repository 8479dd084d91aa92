import type { Actions } from '../../kernel/action.ts'
import { listExclusions } from './listing.ts'
import { createExclusion, deleteExclusion, updateExclusion } from './manage.ts'
import { activateRole, deactivateRole, listActiveRoles } from './sessions.ts'
import type { exclusionsSignatures } from './signatures.ts'

/** The actions of `access` that are made here. */
export const exclusionsActions: Actions<typeof exclusionsSignatures> = {
  activateRole,
  createExclusion,
  deactivateRole,
  deleteExclusion,
  listActiveRoles,
  listExclusions,
  updateExclusion,
}
