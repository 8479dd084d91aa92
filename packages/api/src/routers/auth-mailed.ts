import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { auth } = signatures

/** The procedures of `auth` for signing up, and everything that goes by mail. */
export const mailedProcedures = {
  requestEmailCode: expose(auth.requestEmailCode),
  requestEmailVerification: expose(auth.requestEmailVerification),
  requestMagicLink: expose(auth.requestMagicLink),
  signInWithEmailCode: expose(auth.signInWithEmailCode),
  signInWithMagicLink: expose(auth.signInWithMagicLink),
  signUp: expose(auth.signUp),
  verifyEmail: expose(auth.verifyEmail),
  viewVerification: expose(auth.viewVerification),
}
