import { z } from 'zod'
import { secret } from '../kernel/secret.ts'
import { RequestOptions } from '../passkeys/model.ts'
import { sessionId, userId } from '../kernel/ids.ts'
import { longestRedirect } from '../verifications/model.ts'

/** A password as typed: never trimmed; its length is bounded because hashing costs. */
export const typedPassword = secret(z.string().min(1).max(1024))

export const SignedIn = z.object({
  status: z.literal('signedIn'),
  user: z.object({ id: userId, username: z.string() }),
  session: z.object({ id: sessionId, expiresAt: z.date() }),
  accessToken: secret(z.string()).meta({ description: 'shown once; send it as Authorization: Bearer' }),
  refreshToken: secret(z.string()).meta({ description: 'shown once; exchanges for new tokens at auth.refresh' }),
  accessTokenExpiresAt: z.date(),
  pendingSteps: z.array(z.enum(['changePassword', 'verifyEmail', 'enrolFactor'])),
})
export type SignedIn = z.infer<typeof SignedIn>

/** What a page hands to `navigator.credentials.get()`, after `parseRequestOptionsFromJSON()`: one of these passkeys is to sign the challenge. */
export const PasskeyRequest = RequestOptions.extend({
  allowCredentials: z.array(z.object({ id: z.string(), type: z.literal('public-key'), transports: z.array(z.string()) })),
})
export type PasskeyRequest = z.infer<typeof PasskeyRequest>

/** The password (or the mailed secret) was right, and a second factor is asked for. */
export const FactorRequired = z.object({
  status: z.literal('factorRequired'),
  challenge: secret(z.string()).meta({ description: 'goes to auth.completeSignIn with the answer' }),
  methods: z.array(z.enum(['totp', 'recoveryCode', 'passkey'])),
  passkey: PasskeyRequest.nullable().meta({ description: 'for navigator.credentials.get(); null: the user has no passkey' }),
  expiresAt: z.date(),
})
export type FactorRequired = z.infer<typeof FactorRequired>

/** How a sign-in goes on. */
export const SignInAnswer = z.discriminatedUnion('status', [SignedIn, FactorRequired])
export type SignInAnswer = z.infer<typeof SignInAnswer>

export const redirectTo = z
  .string()
  .max(longestRedirect)
  .optional()
  .meta({ description: 'where the page of the link leads afterwards: a URL of this installation or of an allowed origin' })

export const mailedToken = secret(z.string().min(1).max(256)).meta({ description: 'from the link in the mail' })
export const binding = secret(z.string().min(1).max(256)).meta({
  description: 'from the answer to the request: keep it in the browser that asked; the mailed secret works only together with it',
})

/** Answers a request for a mail, and is the same whether or not one is sent. */
export const VerificationSent = z.object({ status: z.literal('verificationSent'), binding, expiresAt: z.date() })
