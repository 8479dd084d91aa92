import { z } from 'zod'
import { reclaimRefused } from '../../accounts/errors.ts'
import { redirectNotAllowed } from '../../identities/errors.ts'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'
import { mailNotConfigured, tooManyMails } from '../../mail/errors.ts'
import { tooManyAttempts } from '../../throttling/errors.ts'
import { email } from '../../users/model.ts'
import { codeInvalid, linkInvalid } from '../../verifications/errors.ts'
import { noAddress, tooManySessions } from '../errors.ts'
import { binding, mailedToken, redirectTo, SignInAnswer, VerificationSent } from '../model.ts'

/** The actions of `auth` for signing in by an email link or an email code. */
export const passwordlessSignatures = group('auth', {
  requestMagicLink: changes({
    summary: 'Mail a link that signs you in',
    errors: [mailNotConfigured, tooManyMails, redirectNotAllowed],
    input: z.strictObject({ email, redirectTo }),
    output: VerificationSent,
  }),
  signInWithMagicLink: changes({
    summary: 'Sign in with a mailed link, in the browser that asked for it',
    session: 'opens',
    withoutCommand: 'the tokens are for an application; `denizen login` signs in at a terminal',
    errors: [linkInvalid, tooManySessions, reclaimRefused],
    input: z.strictObject({ token: mailedToken, binding }),
    output: SignInAnswer,
  }),
  requestEmailCode: changes({
    summary: 'Mail a code to sign in or to reauthenticate with',
    errors: [noAddress, mailNotConfigured, tooManyMails, redirectNotAllowed],
    input: z
      .strictObject({
        purpose: z
          .enum(['signIn', 'reauthenticate'])
          .default('signIn')
          .meta({ description: 'reauthenticate: for auth.reauthenticate; goes to your own address' }),
        email: email.optional().meta({ description: 'to sign in: whose' }),
      })
      .refine(({ purpose, email }) => (purpose === 'signIn') === (email !== undefined), {
        path: ['email'],
        error: 'to sign in, `email` is needed; to reauthenticate, the code goes to your own',
      }),
    output: VerificationSent,
  }),
  signInWithEmailCode: changes({
    summary: 'Sign in with a mailed code, in the browser that asked for it',
    session: 'opens',
    withoutCommand: 'the tokens are for an application; `denizen login` signs in at a terminal',
    errors: [codeInvalid, tooManySessions, tooManyAttempts, reclaimRefused],
    input: z.strictObject({ binding, code: secret(z.string().min(1).max(32)).meta({ description: 'eight digits, from the mail' }) }),
    output: SignInAnswer,
  }),
})
