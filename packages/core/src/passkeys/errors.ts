import { defineError } from '../kernel/errors.ts'

export const registrationFailed = defineError(
  'passkeys.registrationFailed',
  'invalid',
  'This response of the authenticator is not valid. It must verify its user (a PIN, a finger), on a page of this installation. Start again.',
)
export const registrationOver = defineError(
  'passkeys.registrationOver',
  'conflict',
  'This registration has expired, was finished already, or is not yours. Start again.',
)
export const alreadyRegistered = defineError(
  'passkeys.alreadyRegistered',
  'conflict',
  'This passkey is registered already. Sign in with it, or create another one.',
)
export const tooManyPasskeys = defineError<{ most: number }>(
  'passkeys.tooMany',
  'conflict',
  ({ most }) => `A user can have ${most} passkeys. Remove an unused one first.`,
)
