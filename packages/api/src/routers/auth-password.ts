import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { auth } = signatures

/** The procedures of `auth` for changing, resetting and setting up passwords. */
export const passwordProcedures = {
  changePassword: expose(auth.changePassword),
  requestPasswordReset: expose(auth.requestPasswordReset),
  resetPassword: expose(auth.resetPassword),
  sendSetupLink: expose(auth.sendSetupLink),
}
