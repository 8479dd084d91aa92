import { defineError } from '../../kernel/errors.ts'

export const anonymousClosed = defineError(
  'auth.anonymousClosed',
  'denied',
  'Strangers make no accounts here, not even anonymous ones: ask whoever runs this installation for an account.',
)
export const notAnonymous = defineError('auth.notAnonymous', 'conflict', 'This account is not anonymous: there is nothing to claim.')

/** Told only to whoever proved the address: nobody else learns that it has an account. */
export const claimNeedsMerge = defineError(
  'auth.claimNeedsMerge',
  'conflict',
  'This address has an account already. Sign in to that one; what you did anonymously can be joined with it once users.merge is there.',
)
