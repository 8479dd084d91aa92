import { counted } from '../text/index.ts'
import { defineError } from '../kernel/errors.ts'

/** The same error for an unknown user, a wrong password, and a user who may not sign in (from here): the difference reveals nothing. */
export const invalidCredentials = defineError('auth.invalidCredentials', 'unauthenticated', 'The user or the password is wrong.')

export const tooManySessions = defineError<{ most: number }>(
  'auth.tooManySessions',
  'denied',
  ({ most }) => `You are signed in ${counted(most, 'time')}, which is the limit. Sign out somewhere else first.`,
)
export const challengeOver = defineError(
  'auth.challengeOver',
  'unauthenticated',
  'This sign-in has expired, was completed already, or had too many wrong answers. Start again.',
)

export const factorRequired = defineError<{ methods: readonly string[] }>(
  'auth.factorRequired',
  'unauthenticated',
  ({ methods }) => `A second factor is required: answer the challenge with auth.completeSignIn (${methods.join(', ')}).`,
)

export const wrongFactor = defineError<{ attemptsLeft: number }>('auth.wrongFactor', 'unauthenticated', ({ attemptsLeft }) =>
  attemptsLeft === 0
    ? 'That is wrong, and was the last attempt. Start the sign-in again.'
    : `That is wrong. Attempts left: ${attemptsLeft}.`,
)
export const wrongProof = defineError('auth.wrongProof', 'denied', 'That is wrong. Try again.')
export const strongerProofRequired = defineError<{ methods: readonly string[] }>(
  'auth.strongerProofRequired',
  'denied',
  ({ methods }) => `You have a second factor: use it with auth.reauthenticate (${methods.join(', ')}).`,
)
export const noPasskey = defineError('auth.noPasskey', 'conflict', 'You have no passkey. Use another method, or register a passkey first.')
export const noAddress = defineError(
  'auth.noAddress',
  'conflict',
  'This account has no confirmed address to send the mail to. Add one with users.updateCurrent and confirm it, or use another method.',
)
