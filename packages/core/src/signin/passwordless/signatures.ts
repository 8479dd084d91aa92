import { z } from 'zod'
import { emailTaken, managedAddress, usernameTaken } from '../../users/errors.ts'
import { noNewAccounts, redirectNotAllowed } from '../../identities/errors.ts'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'
import { mailNotConfigured, tooManyMails } from '../../mail/errors.ts'
import { newPasswordErrors, passwordsBusy } from '../../passwords/errors.ts'
import { newPassword } from '../../passwords/model.ts'
import { displayName, email, fullName, locale, timezone, username } from '../../users/model.ts'
import { userId } from '../../kernel/ids.ts'
import { codeInvalid, linkInvalid } from '../../verifications/errors.ts'
import { longestRedirect } from '../../verifications/model.ts'
import { invalidCredentials, tooManySessions } from '../errors.ts'
import { tooManyAttempts } from '../../throttling/errors.ts'
import { SignInAnswer, typedPassword } from '../model.ts'
import { accountExists, reclaimRefused } from '../../accounts/errors.ts'
import { accountInactive, alreadyVerified, noAddress, passwordNeeded, proofNeeded } from './errors.ts'

const redirectTo = z
  .string()
  .max(longestRedirect)
  .optional()
  .meta({ description: 'where the page of the link leads afterwards: a URL of this installation or of an allowed origin' })

const token = secret(z.string().min(1).max(256)).meta({ description: 'from the link in the mail' })
const binding = secret(z.string().min(1).max(256)).meta({
  description: 'from the answer to the request: keep it in the browser that asked; the mailed secret works only together with it',
})

/** The same answer whether or not a mail is sent. */
const Sent = z.object({ status: z.literal('verificationSent'), binding, expiresAt: z.date() })

/** The actions of `auth` for signing up, and everything that goes by mail. */
export const passwordlessSignatures = group('auth', {
  signUp: changes({
    summary: 'Sign up: the account is created once the address is confirmed',
    errors: [...newPasswordErrors, mailNotConfigured, tooManyMails, noNewAccounts, redirectNotAllowed],
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
    summary: 'Mail a link that confirms your address',
    errors: [alreadyVerified, noAddress, mailNotConfigured, tooManyMails, redirectNotAllowed],
    input: z.strictObject({ redirectTo }),
    output: Sent,
  }),
  viewVerification: changes({
    summary: 'Show what a mailed link is for, before it is used',
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
      minimumPasswordLength: z.int().meta({ description: 'characters that a password has at least, where this link sets one' }),
    }),
  }),
  verifyEmail: changes({
    summary: 'Confirm an address with a mailed link; this completes a sign-up',
    errors: [
      ...newPasswordErrors,
      emailTaken,
      usernameTaken,
      linkInvalid,
      invalidCredentials,
      tooManyAttempts,
      accountExists,
      managedAddress,
      accountInactive,
      passwordNeeded,
      proofNeeded,
      reclaimRefused,
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
    summary: 'Mail a link that signs you in',
    errors: [mailNotConfigured, tooManyMails, redirectNotAllowed],
    input: z.strictObject({ email, redirectTo }),
    output: Sent,
  }),
  signInWithMagicLink: changes({
    summary: 'Sign in with a mailed link, in the browser that asked for it',
    session: 'opens',
    withoutCommand: 'the tokens are for an application; `denizen login` signs in at a terminal',
    errors: [linkInvalid, tooManySessions, reclaimRefused],
    input: z.strictObject({ token, binding }),
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
    output: Sent,
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
