import { z } from 'zod'
import { changes, group } from '../../kernel/signature.ts'
import { singleLine } from '../../kernel/text.ts'
import { email, userId } from '../../users/model.ts'
import { tooManyAttempts, tooManySessions } from '../errors.ts'
import { SignedIn } from '../model.ts'
import { anonymousClosed, cannotImpersonate, notAnonymous, notImpersonating } from './errors.ts'

/** Minutes. */
const longestImpersonation = 60

/** The actions of `auth` for anonymous users and impersonation. */
export const guiseSignatures = group('auth', {
  createAnonymous: changes({
    summary: 'Begin to use an application without saying who you are',
    withoutCommand: 'applications use it for visitors who have not signed up',
    errors: [tooManySessions, tooManyAttempts, anonymousClosed],
    input: z.strictObject({}),
    output: SignedIn,
  }),
  claimAnonymous: changes({
    summary: 'Make the anonymous account that you use a full one: a link is mailed that leads to a password',
    withoutCommand: 'applications use it for visitors who have not signed up',
    errors: [notAnonymous],
    input: z.strictObject({ email }),
    output: z.object({
      expiresAt: z.date().meta({ description: 'until then the link works; it ends this session, and you sign in with the new password' }),
    }),
  }),
  impersonate: changes({
    summary: 'Act as another user for a while, under both names',
    errors: [tooManySessions, cannotImpersonate],
    input: z.strictObject({
      userId,
      reason: singleLine(500).pipe(z.string().min(1, 'a reason is needed')),
      minutes: z.int().min(1).max(longestImpersonation).default(longestImpersonation),
    }),
    output: SignedIn,
  }),
  stopImpersonating: changes({
    summary: 'Stop acting as another user: this session ends, your own goes on',
    errors: [notImpersonating],
    input: z.strictObject({}),
    output: z.object({ sessionsEnded: z.int(), tokensEnded: z.int() }),
  }),
})
