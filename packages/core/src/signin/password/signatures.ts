import { z } from 'zod'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'
import { newPassword } from '../../passwords/model.ts'
import { email, userId } from '../../users/model.ts'
import { typedPassword } from '../model.ts'

/** The actions of `auth` for choosing passwords. */
export const passwordSignatures = group('auth', {
  changePassword: changes({
    summary: 'Change your password; you are signed out everywhere else',
    input: z.strictObject({
      oldPassword: typedPassword.optional().meta({ description: 'left out only by those who have none yet' }),
      newPassword,
    }),
    output: z.object({ sessionsEnded: z.int(), tokensEnded: z.int() }),
  }),
  requestPasswordReset: changes({
    summary: 'Have a link mailed that leads to a new password',
    input: z.strictObject({ email }),
    output: z.object({
      expiresAt: z.date().meta({ description: 'until then the link works, if the address has an account; whether it has is not told' }),
    }),
  }),
  resetPassword: changes({
    summary: 'Choose a password with a mailed link; it signs nobody in',
    input: z.strictObject({
      token: secret(z.string().min(1).max(256)).meta({ description: 'from the link' }),
      password: newPassword,
    }),
    output: z.object({ username: z.string() }),
  }),
  sendSetupLink: changes({
    summary: 'Mail a user a link to choose a password; nobody else sees it or the password',
    input: z.strictObject({ userId }),
    output: z.object({ expiresAt: z.date() }),
  }),
})
