import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { auth } = signatures

/** The procedures of `auth` for anonymous users and impersonation. */
export const guiseProcedures = {
  claimAnonymous: expose(auth.claimAnonymous),
  createAnonymous: expose(auth.createAnonymous),
  impersonate: expose(auth.impersonate),
  stopImpersonating: expose(auth.stopImpersonating),
}
