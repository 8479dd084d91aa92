import { defineError } from '../kernel/errors.ts'

export const wrongCode = defineError(
  'factors.wrongCode',
  'invalid',
  'This is not the code that the app shows now. Check that its clock is right, and type the next code.',
)
export const notBegun = defineError(
  'factors.notBegun',
  'conflict',
  'No app waits to be activated: begin with factors.beginTotp and add the key it gives to the app.',
)
export const noTotp = defineError('factors.noTotp', 'conflict', 'There is no authenticator app: there is nothing to disable.')
export const noFactor = defineError(
  'factors.none',
  'conflict',
  'There is no second factor. Set up an authenticator app (factors.beginTotp) or a passkey (passkeys.beginRegistration) first.',
)
export const lastFactorRequired = defineError(
  'factors.lastRequired',
  'conflict',
  'A second factor is required here and this is the last one. Set up another one first, then remove this.',
)
