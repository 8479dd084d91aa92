import { z } from 'zod'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'
import { newPasswordErrors, passwordReused, passwordsBusy } from '../../passwords/errors.ts'
import { newPassword } from '../../passwords/model.ts'
import { email } from '../../users/model.ts'
import { userId } from '../../kernel/ids.ts'
import { linkInvalid } from '../../verifications/errors.ts'
import { wrongProof } from '../errors.ts'
import { tooManyAttempts } from '../../throttling/errors.ts'
import { mailNotConfigured, tooManyMails } from '../../mail/errors.ts'
import { claimNeedsMerge } from '../anonymous/errors.ts'
import { typedPassword } from '../model.ts'
import { noSetup } from './errors.ts'

/** The actions of `auth` for choosing passwords. */
export const passwordSignatures = group('auth', {
  changePassword: changes({
    summary: 'Change your password; you are signed out everywhere else',
    errors: [...newPasswordErrors, tooManyAttempts, wrongProof, passwordsBusy, passwordReused],
    input: z.strictObject({
      oldPassword: typedPassword.optional().meta({ description: 'left out only by those who have none yet' }),
      newPassword,
    }),
    output: z.object({ sessionsEnded: z.int(), tokensEnded: z.int() }),
  }),
  requestPasswordReset: changes({
    summary: 'Mail a link that resets a password',
    errors: [mailNotConfigured, tooManyMails],
    input: z.strictObject({ email }),
    output: z.object({
      expiresAt: z.date().meta({ description: 'until then the link works, if the address has an account; whether it has is not told' }),
    }),
  }),
  resetPassword: changes({
    summary: 'Set a password with a mailed link; this does not sign in',
    errors: [...newPasswordErrors, linkInvalid, claimNeedsMerge, passwordsBusy, passwordReused],
    input: z.strictObject({
      token: secret(z.string().min(1).max(256)).meta({ description: 'from the link' }),
      password: newPassword,
    }),
    output: z.object({ username: z.string() }),
  }),
  sendSetupLink: changes({
    summary: 'Mail a user a link to set a password; nobody else sees the link or the password',
    grantedTo: ['admin'],
    errors: [noSetup, mailNotConfigured],
    input: z.strictObject({ userId }),
    output: z.object({ expiresAt: z.date() }),
  }),
})
