import { defineError } from '../kernel/errors.ts'

export const passwordsBusy = defineError<{ retryAfter: number }>(
  'passwords.busy',
  'unavailable',
  ({ retryAfter }) => `Too many passwords are being checked right now. Try again in ${retryAfter} s.`,
)
export const passwordTooShort = defineError<{ least: number }>(
  'passwords.tooShort',
  'invalid',
  ({ least }) => `The password is too short: at least ${least} characters. A few unrelated words are easy to remember.`,
)
export const passwordTooCommon = defineError(
  'passwords.tooCommon',
  'invalid',
  'The password is too easy to guess: it is common, or a repetition or a sequence. Choose a few unrelated words.',
)
export const passwordTooPersonal = defineError(
  'passwords.tooPersonal',
  'invalid',
  'The password is too similar to your name, your address or the name of this service. Choose a few unrelated words.',
)
export const passwordReused = defineError(
  'passwords.reused',
  'invalid',
  'The account has, or recently had, this password. Choose a new one.',
)

/** What is wrong with a new password. */
export const newPasswordErrors = [passwordTooShort, passwordTooCommon, passwordTooPersonal]
