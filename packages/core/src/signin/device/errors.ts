import { defineError } from '../../kernel/errors.ts'

/** The same error for codes that never existed, expired or were answered, so that guessing reveals nothing. */
export const deviceLoginUnknown = defineError(
  'auth.deviceLoginUnknown',
  'notFound',
  'No sign-in is waiting for this code: it was mistyped, has expired or was answered. Check the code on the device, or start again there.',
)
export const deviceCodeInvalid = defineError(
  'auth.deviceCodeInvalid',
  'unauthenticated',
  'This device code is not valid, or was used already. Start again with auth.startDeviceLogin.',
)
export const deviceCodeExpired = defineError(
  'auth.deviceCodeExpired',
  'unauthenticated',
  'Nobody approved this sign-in in time. Start again with auth.startDeviceLogin.',
)
export const deviceDenied = defineError(
  'auth.deviceDenied',
  'denied',
  'This sign-in was denied, or its session has ended since. Start again with auth.startDeviceLogin.',
)
export const deviceAddressNotAllowed = defineError(
  'auth.deviceAddressNotAllowed',
  'denied',
  "The device's network address is not among your allowed addresses. Start again from an allowed address.",
)
