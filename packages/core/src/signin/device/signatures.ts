import { z } from 'zod'
import { secret } from '../../kernel/secret.ts'
import { command } from '../../kernel/signature.ts'
import { SignedIn } from '../model.ts'
import { clientName, typedUserCode } from './model.ts'

/** Longer than any token of ours: what is longer opens nothing. */
const longestToken = 1024

export const startDeviceLoginSignature = command('auth.startDeviceLogin', {
  summary: 'Begin to sign in on a device without a browser',
  input: z.strictObject({ clientName }),
  output: z.object({
    deviceCode: secret(z.string()).meta({ description: 'shown once; goes to auth.pollDeviceLogin' }),
    userCode: secret(z.string()).meta({ description: 'to be typed where the user is signed in, like BCDF-GHJK' }),
    verificationUri: z.string(),
    verificationUriComplete: secret(z.string()).meta({ description: 'the same with the code in it, for a link or a QR code' }),
    expiresAt: z.date(),
    interval: z.int().meta({ description: 'seconds to wait between two polls' }),
  }),
})

export const pollDeviceLoginSignature = command('auth.pollDeviceLogin', {
  summary: 'Ask whether the sign-in of this device was approved',
  input: z.strictObject({
    deviceCode: secret(z.string().min(1).max(longestToken)),
    clientName: clientName.optional().meta({ description: 'when it is given, it has to be the one that began' }),
  }),
  output: z.discriminatedUnion('status', [
    SignedIn,
    z.object({ status: z.literal('pending'), interval: z.int() }),
    z.object({ status: z.literal('slowDown'), interval: z.int().meta({ description: 'seconds; longer than before' }) }),
  ]),
})

export const viewDeviceLoginSignature = command('auth.viewDeviceLogin', {
  summary: 'Show what waits under a user code',
  input: z.strictObject({ userCode: typedUserCode }),
  output: z.object({
    clientName: z.string(),
    ip: z.string().nullable().meta({ description: 'the address that the device began from' }),
    userAgent: z.string().nullable(),
    createdAt: z.date(),
    expiresAt: z.date(),
  }),
})

export const approveDeviceLoginSignature = command('auth.approveDeviceLogin', {
  summary: 'Sign in the device that shows a user code, as yourself',
  input: z.strictObject({
    userCode: typedUserCode,
    endSession: z.boolean().default(false).meta({ description: 'the session that approves ends with it' }),
  }),
  output: z.object({ clientName: z.string() }),
})

export const denyDeviceLoginSignature = command('auth.denyDeviceLogin', {
  summary: 'Refuse the device that shows a user code',
  input: z.strictObject({ userCode: typedUserCode }),
  output: z.object({ clientName: z.string() }),
})

export const revokeTokenSignature = command('auth.revokeToken', {
  summary: 'End what a token opens: the session that it belongs to, or the API token itself',
  input: z.strictObject({ token: secret(z.string().min(1).max(longestToken)) }),
  output: z.object({ sessionsEnded: z.int(), tokensEnded: z.int() }),
})

/** The actions of `auth` for signing in programs without a browser (RFC 8628), and for giving their tokens back (RFC 7009). */
export const deviceSignatures = {
  approveDeviceLogin: approveDeviceLoginSignature,
  denyDeviceLogin: denyDeviceLoginSignature,
  pollDeviceLogin: pollDeviceLoginSignature,
  revokeToken: revokeTokenSignature,
  startDeviceLogin: startDeviceLoginSignature,
  viewDeviceLogin: viewDeviceLoginSignature,
} as const
