import { requestPasswordReset, sendSetupLink } from './asking.ts'
import { changePassword } from './changing.ts'
import { resetPassword } from './resetting.ts'

/** The actions of `auth` for choosing passwords. */
export const passwordActions = { changePassword, requestPasswordReset, resetPassword, sendSetupLink }
