import type { Actions } from '../../kernel/action.ts'
import type { guiseSignatures } from './signatures.ts'
import { createAnonymous } from './anonymous.ts'
import { claimAnonymous } from './claiming.ts'
import { impersonate, stopImpersonating } from './impersonating.ts'

/** The actions of `auth` for anonymous users and impersonation. */
export const guiseActions: Actions<typeof guiseSignatures> = { claimAnonymous, createAnonymous, impersonate, stopImpersonating }
