import { z } from 'zod'
import { accountExists, reclaimRefused } from '../../accounts/errors.ts'
import { noNewAccounts, redirectNotAllowed } from '../../identities/errors.ts'
import { userId } from '../../kernel/ids.ts'
import { changes, group } from '../../kernel/signature.ts'
import { mailNotConfigured, tooManyMails } from '../../mail/errors.ts'
import { newPasswordErrors, passwordsBusy } from '../../passwords/errors.ts'
import { newPassword } from '../../passwords/model.ts'
import { tooManyAttempts } from '../../throttling/errors.ts'
import { emailTaken, managedAddress, usernameTaken } from '../../users/errors.ts'
import { displayName, email, fullName, locale, timezone, username } from '../../users/model.ts'
import { linkInvalid } from '../../verifications/errors.ts'
import { linkPurposes } from '../../verifications/model.ts'
import { invalidCredentials, noAddress } from '../errors.ts'
import { binding, mailedToken, redirectTo, typedPassword, VerificationSent } from '../model.ts'
import { accountInactive, alreadyVerified, passwordNeeded, proofNeeded } from './errors.ts'

/** The actions of `auth` for signing up, and for confirming addresses. */
export const signUpSignatures = group('auth', {
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
    output: VerificationSent,
  }),
  requestEmailVerification: changes({
    summary: 'Mail a link that confirms your address',
    errors: [alreadyVerified, noAddress, mailNotConfigured, tooManyMails, redirectNotAllowed],
    input: z.strictObject({ redirectTo }),
    output: VerificationSent,
  }),
  viewVerification: changes({
    summary: 'Show what a mailed link is for, before it is used',
    errors: [linkInvalid],
    input: z.strictObject({ token: mailedToken, binding: binding.optional() }),
    output: z.object({
      purpose: z.enum(linkPurposes),
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
      token: mailedToken,
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
})
