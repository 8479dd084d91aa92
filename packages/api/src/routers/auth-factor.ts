import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { auth } = signatures

/** The procedures of `auth` for second factors at sign-in, fresh proofs, what an operator does for somebody locked out, and the history. */
export const factorProcedures = {
  completeSignIn: expose(auth.completeSignIn),
  listLoginHistory: expose(auth.listLoginHistory),
  reauthenticate: expose(auth.reauthenticate),
  unlock: expose(auth.unlock),
}
