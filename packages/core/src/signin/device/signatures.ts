import { z } from 'zod'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'
import { tooManyAttempts } from '../../throttling/errors.ts'
import { tooManySessions } from '../errors.ts'
import { SignedIn } from '../model.ts'
import { deviceAddressNotAllowed, deviceCodeExpired, deviceCodeInvalid, deviceDenied, deviceLoginUnknown } from './errors.ts'
import { clientName, typedUserCode } from './model.ts'

/** Longer than any token of ours: what is longer opens nothing. */
const longestToken = 1024

/** The actions of `auth` for signing in programs without a browser (RFC 8628). */
export const deviceSignatures = group('auth', {
  startDeviceLogin: changes({
    summary: 'Begin to sign in on a device without a browser',
    errors: [tooManyAttempts],
    input: z.strictObject({ clientName }),
    output: z.object({
      deviceCode: secret(z.string()).meta({ description: 'shown once; for auth.pollDeviceLogin' }),
      userCode: secret(z.string()).meta({ description: 'for the user to type where they are signed in, like BCDF-GHJK' }),
      verificationUri: z.string(),
      verificationUriComplete: secret(z.string()).meta({ description: 'with the code in it, for a link or a QR code' }),
      expiresAt: z.date(),
      interval: z.int().meta({ description: 'seconds to wait between two polls' }),
    }),
  }),
  pollDeviceLogin: changes({
    summary: 'Ask whether the sign-in of this device was approved',
    session: 'opens',
    errors: [deviceCodeInvalid, deviceCodeExpired, deviceDenied],
    input: z.strictObject({
      deviceCode: secret(z.string().min(1).max(longestToken)),
      clientName: clientName.optional().meta({ description: 'if given, it must be the one from auth.startDeviceLogin' }),
    }),
    output: z.discriminatedUnion('status', [
      SignedIn,
      z.object({ status: z.literal('pending'), interval: z.int() }),
      z.object({ status: z.literal('slowDown'), interval: z.int().meta({ description: 'seconds; longer than before' }) }),
    ]),
  }),
  viewDeviceLogin: changes({
    summary: 'Show the sign-in that a user code belongs to',
    errors: [tooManyAttempts, deviceLoginUnknown],
    input: z.strictObject({ userCode: typedUserCode }),
    output: z.object({
      clientName: z.string(),
      ip: z.string().nullable().meta({ description: 'the network address of the device' }),
      userAgent: z.string().nullable(),
      createdAt: z.date(),
      expiresAt: z.date(),
    }),
  }),
  approveDeviceLogin: changes({
    summary: 'Sign in the device that shows a user code, as yourself',
    errors: [tooManySessions, tooManyAttempts, deviceLoginUnknown, deviceAddressNotAllowed],
    input: z.strictObject({
      userCode: typedUserCode,
      endSession: z.boolean().default(false).meta({ description: 'also end the session that approves' }),
    }),
    output: z.object({ clientName: z.string() }),
  }),
  denyDeviceLogin: changes({
    summary: 'Refuse the device that shows a user code',
    errors: [tooManyAttempts, deviceLoginUnknown],
    input: z.strictObject({ userCode: typedUserCode }),
    output: z.object({ clientName: z.string() }),
  }),
})
