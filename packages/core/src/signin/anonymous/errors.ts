import { defineError } from '../../kernel/errors.ts'

export const anonymousClosed = defineError(
  'auth.anonymousClosed',
  'denied',
  'Sign-up is closed here, also for anonymous accounts. Ask an administrator of this installation for an account.',
)
export const notAnonymous = defineError('auth.notAnonymous', 'conflict', 'This account is not anonymous, so it cannot be claimed.')

/** Only for the person who proved the address: nobody else learns that it has an account. */
export const claimNeedsMerge = defineError(
  'auth.claimNeedsMerge',
  'conflict',
  'This address has an account already. Sign in to that one; your anonymous account cannot be merged into it yet.',
)
