import type { Actions } from '../../kernel/action.ts'
import type { passwordSignatures } from './signatures.ts'
import { requestPasswordReset, sendSetupLink } from './asking.ts'
import { changePassword } from './changing.ts'
import { resetPassword } from './resetting.ts'

/** The actions of `auth` for choosing passwords. */
export const passwordActions: Actions<typeof passwordSignatures> = { changePassword, requestPasswordReset, resetPassword, sendSetupLink }
