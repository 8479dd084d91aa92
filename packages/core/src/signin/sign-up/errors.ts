import { defineError } from '../../kernel/errors.ts'

export const signUpClosed = defineError(
  'auth.signUpClosed',
  'denied',
  'Sign-up is closed here. Ask the operator of this installation for an account or an invitation.',
)
export const accountInactive = defineError(
  'auth.accountInactive',
  'denied',
  'The account with this address is not active. Ask the operator of this installation.',
)
/** The link proves the address, but not that its holder typed the password of the sign-up. */
export const passwordNeeded = defineError(
  'auth.passwordNeeded',
  'invalid',
  'Choose a password: this link was opened in another browser than the sign-up, so the password typed there does not count.',
)
export const proofNeeded = defineError(
  'auth.proofNeeded',
  'denied',
  "Sign in first, open the link in the browser where you asked for it, or give the account's password: the address alone does not prove that the account is yours.",
)
export const alreadyVerified = defineError('auth.alreadyVerified', 'conflict', 'Your address is confirmed already.')
