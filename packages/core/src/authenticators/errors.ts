import { defineError } from '../kernel/errors.ts'

export const wrongCode = defineError(
  'factors.wrongCode',
  'invalid',
  'This is not the current code of the app. Check the clock of the device, and enter the next code.',
)
export const notBegun = defineError(
  'factors.notBegun',
  'conflict',
  'There is no authenticator app to activate. Start with factors.beginTotp, and add its key to the app.',
)
export const noTotp = defineError('factors.noTotp', 'conflict', 'You have no authenticator app to disable.')
export const noFactor = defineError<{ userId?: string }>('factors.none', 'conflict', ({ userId }) =>
  userId === undefined
    ? 'There is no second factor yet. Set up an authenticator app (factors.beginTotp) or a passkey (passkeys.beginRegistration) first.'
    : 'This user has no second factor, so there is none to remove.',
)
export const lastFactorRequired = defineError(
  'factors.lastRequired',
  'conflict',
  'A second factor is required here, and this is the last one. Set up another one first, then remove this one.',
)
