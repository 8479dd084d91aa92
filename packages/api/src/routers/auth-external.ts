import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { auth } = signatures

/** The procedures of `auth` for signing in with an external identity. */
export const externalProcedures = {
  signInWithIdentity: expose(auth.signInWithIdentity),
  startOAuth: expose(auth.startOAuth),
  finishOAuth: expose(auth.finishOAuth),
}
