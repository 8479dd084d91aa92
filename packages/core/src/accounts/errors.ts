import { defineError } from '../kernel/errors.ts'

/** Only for the person who proved the address: nobody else learns that it has an account. */
export const accountExists = defineError<{ username: string }>(
  'auth.accountExists',
  'conflict',
  ({ username }) => `This address has an account already: ${username}. Sign in with it, or request a password reset.`,
)
export const reclaimRefused = defineError(
  'auth.signInFirst',
  'denied',
  'There is an account with this address, which is not confirmed yet, and the account may be in use. Sign in to it with its password and confirm the address there, or ask an administrator for a set-up link.',
)
export const onlyAdministratorsCreate = defineError(
  'auth.signUpClosed',
  'denied',
  'Sign-up is closed here: only administrators of this installation create accounts. Ask one of them; whoever has an account can join an organization.',
)
export const claimFirst = defineError(
  'users.claimFirst',
  'conflict',
  'An anonymous account has no email address and no username of its own. Claim it first (auth.claimAnonymous).',
)
export const tooManyAddresses = defineError<{ retryAfter: number }>(
  'users.tooManyAddresses',
  'limited',
  ({ retryAfter }) => `You have asked for many new addresses. Try again in ${Math.ceil(retryAfter / 60)} minutes.`,
)
export const unreadableUser = defineError<{ problem: string }>(
  'users.unreadable',
  'invalid',
  ({ problem }) =>
    `This user record cannot be read: ${problem}${problem.endsWith('?') ? '' : '.'} Correct it in the file, and import it again.`,
)
