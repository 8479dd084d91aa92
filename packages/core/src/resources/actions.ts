import type { Actions } from '../kernel/action.ts'
import { getResource } from './reading.ts'
import { listResources } from './listing.ts'
import { deleteResource, updateResource } from './manage.ts'
import { registerResource, registerResources } from './registering.ts'
import type { resourcesSignatures } from './signatures.ts'
import { transferResource } from './transfer.ts'

/** The actions of `resources` that are made here. */
export const resourcesActions: Actions<typeof resourcesSignatures> = {
  delete: deleteResource,
  get: getResource,
  list: listResources,
  register: registerResource,
  registerMany: registerResources,
  transfer: transferResource,
  update: updateResource,
}
