import { createAnonymous } from './anonymous.ts'
import { claimAnonymous } from './claiming.ts'
import { impersonate, stopImpersonating } from './impersonating.ts'

/** The actions of `auth` for anonymous users and impersonation. */
export const guiseActions = { claimAnonymous, createAnonymous, impersonate, stopImpersonating }
