import { z } from 'zod'
import { usernameTaken } from '../../users/errors.ts'
import { noNewAccounts, redirectNotAllowed } from '../../identities/errors.ts'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'
import { mailNotConfigured } from '../../mail/errors.ts'
import { newPasswordErrors, passwordsBusy } from '../../passwords/errors.ts'
import { newPassword } from '../../passwords/model.ts'
import { displayName, email, fullName, locale, timezone, username } from '../../users/model.ts'
import { userId } from '../../kernel/ids.ts'
import { codeInvalid, linkInvalid } from '../../verifications/errors.ts'
import { longestRedirect } from '../../verifications/model.ts'
import { invalidCredentials, tooManySessions } from '../errors.ts'
import { tooManyAttempts } from '../../throttling/errors.ts'
import { SignInAnswer, typedPassword } from '../model.ts'
import { accountExists, accountInactive, alreadyVerified, handOverRefused, noAddress, passwordNeeded, proofNeeded } from './errors.ts'

const redirectTo = z
  .string()
  .max(longestRedirect)
  .optional()
  .meta({ description: 'where the page behind the link leads afterwards: an address of this installation or of an allowed origin' })

const token = secret(z.string().min(1).max(256)).meta({ description: 'from the link in the mail' })
const binding = secret(z.string().min(1).max(256)).meta({
  description: 'from the answer to whoever asked for the mail: keep it where they asked, the secret in the mail works with it only',
})

/** The same answer whether or not a mail is sent. */
const Sent = z.object({ status: z.literal('verificationSent'), binding, expiresAt: z.date() })

/** The actions of `auth` for signing up, and everything that goes by mail. */
export const mailedSignatures = group('auth', {
  signUp: changes({
    summary: 'Make an account for yourself: it is made once the address is confirmed',
    errors: [...newPasswordErrors, mailNotConfigured, noNewAccounts, redirectNotAllowed],
    input: z.strictObject({
      email,
      password: newPassword,
      username: username
        .optional()
        .meta({ description: 'taken from the email address when it is left out; looked at once the address is confirmed' }),
      fullName: fullName.optional(),
      displayName: displayName.optional(),
      locale: locale.optional(),
      timezone: timezone.optional(),
      redirectTo,
    }),
    output: Sent,
  }),
  requestEmailVerification: changes({
    summary: 'Have a link sent to your address, to confirm it',
    errors: [alreadyVerified, noAddress, mailNotConfigured, redirectNotAllowed],
    input: z.strictObject({ redirectTo }),
    output: Sent,
  }),
  viewVerification: changes({
    summary: 'Show what the link of a mail is for, before it is used',
    errors: [linkInvalid],
    input: z.strictObject({ token, binding: binding.optional() }),
    output: z.object({
      purpose: z.enum(['signUp', 'verifyEmail', 'resetPassword', 'magicLink', 'setup', 'claim']),
      email: z.string(),
      expiresAt: z.date(),
      redirectTo: z.string().nullable(),
      account: z
        .object({ username: z.string(), emailVerified: z.boolean() })
        .nullable()
        .meta({ description: 'the account with the address; null: there is none' }),
      asked: z
        .object({ username: z.string().nullable(), fullName: z.string().nullable() })
        .nullable()
        .meta({ description: 'what was typed at sign-up' }),
      needsPassword: z
        .boolean()
        .meta({ description: 'whether auth.verifyEmail takes a password here: a new one at sign-up, else that of the account' }),
    }),
  }),
  verifyEmail: changes({
    summary: 'Confirm an address with the link that was sent to it; this completes a sign-up',
    errors: [
      ...newPasswordErrors,
      usernameTaken,
      linkInvalid,
      invalidCredentials,
      tooManyAttempts,
      accountExists,
      accountInactive,
      passwordNeeded,
      proofNeeded,
      handOverRefused,
      passwordsBusy,
    ],
    input: z.strictObject({
      token,
      binding: binding.optional(),
      password: typedPassword.optional().meta({
        description: 'without the binding: at sign-up the password that the account gets, else the password that it has',
      }),
      username: username.optional().meta({ description: 'at sign-up: instead of the one that was asked for' }),
      fullName: fullName.optional().meta({ description: 'at sign-up: instead of the one that was given' }),
    }),
    output: z.object({
      status: z.enum(['signedUp', 'takenOver', 'verified']).meta({
        description: 'takenOver: there was an account whose address nobody had confirmed; whatever opened it before does not any more',
      }),
      user: z.object({ id: userId, username: z.string(), email: z.string() }),
      redirectTo: z.string().nullable(),
    }),
  }),
  requestMagicLink: changes({
    summary: 'Have a link sent to your address that signs you in',
    errors: [mailNotConfigured, redirectNotAllowed],
    input: z.strictObject({ email, redirectTo }),
    output: Sent,
  }),
  signInWithMagicLink: changes({
    summary: 'Sign in with the link of a mail, where it was asked for',
    withoutCommand: 'the tokens are for an application; `denizen login` signs in at a terminal',
    errors: [linkInvalid, tooManySessions, handOverRefused],
    input: z.strictObject({ token, binding }),
    output: SignInAnswer,
  }),
  requestEmailCode: changes({
    summary: 'Have a code sent to your address, to sign in with, or to prove once more who you are',
    errors: [noAddress, mailNotConfigured, redirectNotAllowed],
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
        error: 'to sign in, an email is needed; to reauthenticate, the code goes to your own',
      }),
    output: Sent,
  }),
  signInWithEmailCode: changes({
    summary: 'Sign in with the code of a mail, where it was asked for',
    withoutCommand: 'the tokens are for an application; `denizen login` signs in at a terminal',
    errors: [codeInvalid, tooManySessions, tooManyAttempts, handOverRefused],
    input: z.strictObject({ binding, code: secret(z.string().min(1).max(32)).meta({ description: 'eight digits, from the mail' }) }),
    output: SignInAnswer,
  }),
})
