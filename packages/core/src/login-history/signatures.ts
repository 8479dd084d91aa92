import { z } from 'zod'
import { instant } from '../kernel/instant.ts'
import { pageInput, pageOf } from '../kernel/page.ts'
import { group, reads } from '../kernel/signature.ts'
import { userId } from '../kernel/ids.ts'
import { LoginAttempt, longestIdentifier, loginOutcome } from './model.ts'

/** Programs send times, and people type them. */

/** The action of `auth` that shows the login history. */
export const loginHistorySignatures = group('auth', {
  listLoginHistory: reads({
    summary: 'List who tried to sign in, from where, and how it ended',
    grantedTo: ['admin'],
    input: z.strictObject({
      ...pageInput,
      userId: userId.optional().meta({ description: 'default: of all users, if you may see them; otherwise your own' }),
      identifier: z.string().min(1).max(longestIdentifier).optional().meta({ description: 'exactly what was typed' }),
      outcome: loginOutcome.optional(),
      from: instant.optional().meta({ description: 'not before, for example 2026-11-21T08:00:00Z' }),
      until: instant.optional().meta({ description: 'before' }),
    }),
    output: pageOf(LoginAttempt),
  }),
})
