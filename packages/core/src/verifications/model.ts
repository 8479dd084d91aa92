import type { Id } from '../kernel/id.ts'

export type VerificationId = Id<'ver'>

/** What a secret that was sent by mail is good for. */
export type VerificationPurpose =
  | 'signUp'
  | 'verifyEmail'
  | 'resetPassword'
  | 'magicLink'
  | 'emailCode'
  | 'reauthenticate'
  | 'setup'
  | 'claim'

/** No address that is worth a visit is longer. */
export const longestRedirect = 2048
