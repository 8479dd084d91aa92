import { defineError } from '../kernel/errors.ts'

/** One answer for an unknown user, a wrong password, a user who may not act and one who may not from here: the difference is nobody's business. */
export const invalidCredentials = defineError('auth.invalidCredentials', 'unauthenticated', 'The user or the password is wrong.')

export const tooManySessions = defineError<{ most: number }>(
  'auth.tooManySessions',
  'denied',
  ({ most }) => `You may be signed in ${most} times at once, and are. Sign out elsewhere first.`,
)
export const challengeOver = defineError(
  'auth.challengeOver',
  'unauthenticated',
  'This sign-in was begun too long ago, was answered already, or was answered wrongly too often. Begin again.',
)

export const factorRequired = defineError<{ methods: readonly string[] }>(
  'auth.factorRequired',
  'unauthenticated',
  ({ methods }) => `This user has a second factor: answer the challenge with auth.completeSignIn (${methods.join(', ')}).`,
)

export const wrongFactor = defineError<{ attemptsLeft: number }>('auth.wrongFactor', 'unauthenticated', ({ attemptsLeft }) =>
  attemptsLeft === 0 ? 'That is wrong, and was the last try. Begin the sign-in again.' : `That is wrong. Tries left: ${attemptsLeft}.`,
)
export const wrongProof = defineError('auth.wrongProof', 'denied', 'That is wrong: it proves nothing. Try again.')
export const strongerProofRequired = defineError<{ methods: readonly string[] }>(
  'auth.strongerProofRequired',
  'denied',
  ({ methods }) => `You have a second factor: prove that one to auth.reauthenticate (${methods.join(', ')}).`,
)
export const noPasskey = defineError('auth.noPasskey', 'conflict', 'You have no passkey. Prove something else, or register one.')
