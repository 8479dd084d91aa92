import { defineError } from '../../kernel/errors.ts'

/** One for codes that were never given out, are too old, or were answered: who tries codes learns nothing from the answer. */
export const deviceLoginUnknown = defineError(
  'auth.deviceLoginUnknown',
  'notFound',
  'No sign-in waits under this code: it was mistyped, is too old, or was answered. Look at the device, or begin there again.',
)
export const deviceCodeInvalid = defineError(
  'auth.deviceCodeInvalid',
  'unauthenticated',
  'This device code opens nothing: it was never given out, or was used. Begin again with auth.startDeviceLogin.',
)
export const deviceCodeExpired = defineError(
  'auth.deviceCodeExpired',
  'unauthenticated',
  'Nobody approved this sign-in in time. Begin again with auth.startDeviceLogin.',
)
export const deviceDenied = defineError('auth.deviceDenied', 'denied', 'This sign-in was denied, or taken back since it was approved.')
export const deviceAddressNotAllowed = defineError(
  'auth.deviceAddressNotAllowed',
  'denied',
  'You may not act from the address that the device calls from. Begin again from one of your allowed addresses.',
)
