import { z } from 'zod'
import { AssertionResponse } from '../../passkeys/model.ts'
import { secret } from '../../kernel/secret.ts'
import { sessionId } from '../../sessions/model.ts'
import { userId } from '../../users/model.ts'
import { loginMethod, loginOutcome } from '../model.ts'

/** What proves a second factor: one of these. */
export const secondFactor = {
  totp: secret(z.string().min(1).max(64)).optional().meta({ description: 'the code that the authenticator app shows' }),
  recoveryCode: secret(z.string().min(1).max(64)).optional().meta({ description: 'one of the codes on paper; it is used up' }),
  passkey: secret(AssertionResponse).optional().meta({ description: 'what navigator.credentials.get() gave, as JSON' }),
}

/** How many of these fields an input has. */
export function given(input: Readonly<Record<string, unknown>>, ...fields: readonly string[]): number {
  return fields.filter((field) => input[field] !== undefined).length
}

/** One line of the login history. */
export const LoginAttempt = z.object({
  id: z.string(),
  at: z.date(),
  /** What was typed; of attempts that name a user, one of its names. */
  identifier: z.string(),
  user: z.object({ id: userId, username: z.string() }).nullable().meta({ description: 'null: nobody is called that' }),
  outcome: loginOutcome,
  method: loginMethod,
  sessionId: sessionId.nullable(),
  by: userId.nullable().meta({ description: 'who did it, where that was not the user' }),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
})
export type LoginAttempt = z.infer<typeof LoginAttempt>
