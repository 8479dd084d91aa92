import { defineError } from '../kernel/errors.ts'

export const registrationFailed = defineError(
  'passkeys.registrationFailed',
  'invalid',
  'This is not what an authenticator answers here: it has to check who uses it, on a page of this installation. Begin again.',
)
export const registrationOver = defineError(
  'passkeys.registrationOver',
  'conflict',
  'This registration was begun too long ago, was finished already, or is not yours. Begin again.',
)
export const alreadyRegistered = defineError(
  'passkeys.alreadyRegistered',
  'conflict',
  'This passkey is registered already. Use it to sign in, or make another one.',
)
export const tooManyPasskeys = defineError<{ most: number }>(
  'passkeys.tooMany',
  'conflict',
  ({ most }) => `A user has at most ${most} passkeys. Remove one that is not used any more first.`,
)
