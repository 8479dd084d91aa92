import { z } from 'zod'
import { sessionId, userId } from '../kernel/ids.ts'

/** How a try to sign in, or a session, ended. */
export const loginOutcome = z.enum([
  'succeeded',
  'factorRequired',
  'unknownUser',
  'wrongPassword',
  'wrongFactor',
  'wrongCode',
  'wrongIdentity',
  'notActive',
  'addressNotAllowed',
  'locked',
  'tooManySessions',
  'evicted',
  'expired',
  'revoked',
  'unlocked',
])
export type LoginOutcome = z.infer<typeof loginOutcome>

/** The method of a login attempt. */
const loginMethod = z.enum([
  'password',
  'totp',
  'recoveryCode',
  'passkey',
  'magicLink',
  'emailCode',
  'identity',
  'device',
  'impersonation',
  'anonymous',
  'none',
])
export type LoginMethod = z.infer<typeof loginMethod>

/** An address takes at most 254 characters; whoever types more errs, or means harm. */
export const longestIdentifier = 320

/** An entry of the login history. */
export const LoginAttempt = z.object({
  id: z.string(),
  at: z.date(),
  identifier: z
    .string()
    .meta({ description: "the name that was typed; unknown: and a fingerprint if it is nobody's, as it may be a password" }),
  user: z.object({ id: userId, username: z.string() }).nullable().meta({ description: 'null: no user has that name' }),
  outcome: loginOutcome,
  method: loginMethod,
  sessionId: sessionId.nullable(),
  by: userId.nullable().meta({ description: 'who did it, if not the user' }),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
})
export type LoginAttempt = z.infer<typeof LoginAttempt>
