import { z } from 'zod'
import { changes, group } from '../../kernel/signature.ts'
import { mailNotConfigured, tooManyMails } from '../../mail/errors.ts'
import { tooManyAttempts } from '../../throttling/errors.ts'
import { email } from '../../users/model.ts'
import { tooManySessions } from '../errors.ts'
import { SignedIn } from '../model.ts'
import { anonymousClosed, notAnonymous } from './errors.ts'

/** The actions of `auth` for anonymous users. */
export const anonymousSignatures = group('auth', {
  createAnonymous: changes({
    summary: 'Create an anonymous user, and sign in as it',
    session: 'opens',
    withoutCommand: 'applications use it for visitors who have not signed up',
    errors: [tooManySessions, tooManyAttempts, anonymousClosed],
    input: z.strictObject({}),
    output: SignedIn,
  }),
  claimAnonymous: changes({
    summary: 'Turn your anonymous account into a full one: a mailed link lets you set a password',
    withoutCommand: 'applications use it for visitors who have not signed up',
    errors: [notAnonymous, mailNotConfigured, tooManyMails],
    input: z.strictObject({ email }),
    output: z.object({
      expiresAt: z.date().meta({ description: 'the link works until then; it ends this session, and you sign in with the new password' }),
    }),
  }),
})
