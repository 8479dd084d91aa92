import type { Id } from '../kernel/id.ts'

export type VerificationId = Id<'ver'>

/** The purpose of a mailed secret. */
export type VerificationPurpose =
  | 'signUp'
  | 'verifyEmail'
  | 'resetPassword'
  | 'magicLink'
  | 'emailCode'
  | 'reauthenticate'
  | 'setup'
  | 'claim'

/** The longest redirect URL. */
export const longestRedirect = 2048
