import { defineError } from '../kernel/errors.ts'

export const passwordsBusy = defineError<{ retryAfter: number }>(
  'passwords.busy',
  'unavailable',
  ({ retryAfter }) => `Too many passwords are being checked right now. Try again in ${retryAfter} s.`,
)
export const passwordTooShort = defineError<{ least: number }>(
  'passwords.tooShort',
  'invalid',
  ({ least }) =>
    `The password is too short: at least ${least} characters. A few words that do not belong together are easy to keep in mind.`,
)
export const passwordTooCommon = defineError(
  'passwords.tooCommon',
  'invalid',
  'The password is one of those that are tried first: many people use it, or it repeats or counts. Choose a few words that do not belong together.',
)
export const passwordTooPersonal = defineError(
  'passwords.tooPersonal',
  'invalid',
  'The password is little more than a name, an address or what this service is called. Choose a few words that have nothing to do with them.',
)
export const passwordReused = defineError(
  'passwords.reused',
  'invalid',
  'This password is, or was lately, the password of the account. Choose one that it never had.',
)

/** What is wrong with a new password. */
export const newPasswordErrors = [passwordTooShort, passwordTooCommon, passwordTooPersonal]
