import { z } from 'zod'
import { secret } from '../kernel/secret.ts'
import { sessionId } from '../sessions/model.ts'
import { userId } from '../users/model.ts'

/** How a try to sign in ended. */
export type LoginOutcome = 'succeeded' | 'unknownUser' | 'wrongPassword' | 'notActive' | 'addressNotAllowed'

/** A password as typed: never trimmed; its length is bounded because hashing costs. */
export const typedPassword = secret(z.string().min(1).max(1024))

export const SignedIn = z.object({
  user: z.object({ id: userId, username: z.string() }),
  session: z.object({ id: sessionId, expiresAt: z.date() }),
  accessToken: secret(z.string()).meta({ description: 'shown once; send it as Authorization: Bearer' }),
  pendingSteps: z.array(z.enum(['changePassword', 'verifyEmail', 'enrolFactor'])),
})
export type SignedIn = z.infer<typeof SignedIn>
