import type { Actions } from '../../kernel/action.ts'
import { check, checkMany, listPermissions } from './check.ts'
import { listResources } from './listing.ts'
import type { decisionsSignatures } from './signatures.ts'
import { whoCan } from './who.ts'

/** The actions of `access` that decide. */
export const decisionsActions: Actions<typeof decisionsSignatures> = { check, checkMany, listPermissions, listResources, whoCan }
