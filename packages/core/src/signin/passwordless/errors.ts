import { defineError } from '../../kernel/errors.ts'

export const signUpClosed = defineError(
  'auth.signUpClosed',
  'denied',
  'Nobody makes an account for themselves here. Ask whoever runs this installation for an account or an invitation.',
)
export const accountExists = defineError<{ username: string }>(
  'auth.accountExists',
  'conflict',
  ({ username }) =>
    `There is an account with this address already: ${username}. Sign in with it, or ask for a link to choose a new password.`,
)
export const accountInactive = defineError(
  'auth.accountInactive',
  'denied',
  'There is an account with this address, and it cannot be used at present. Ask whoever runs this installation.',
)
/** Who has the link has the address; whether they also typed the password that waits, nothing tells. */
export const passwordNeeded = defineError(
  'auth.passwordNeeded',
  'invalid',
  'Choose a password: this link was not opened where you signed up, so the password that was typed there does not count.',
)
export const proofNeeded = defineError(
  'auth.proofNeeded',
  'denied',
  'Confirm this address where you asked for the link, signed in, or give the password of the account: the address alone does not show that the account is yours.',
)
export const handOverRefused = defineError(
  'auth.signInFirst',
  'denied',
  'This account may do more than others, and nobody has proved its address yet: sign in with its password, and confirm the address then.',
)
export const alreadyVerified = defineError('auth.alreadyVerified', 'conflict', 'Your address is confirmed already: there is nothing to do.')
export const noAddress = defineError(
  'auth.noAddress',
  'conflict',
  'A mail is needed, and this account has no address that it could go to, or none that was confirmed. Add one with users.updateCurrent and confirm it, or use another way.',
)
