import { defineError } from '../kernel/errors.ts'

export const unknownProvider = defineError<{ provider: string }>(
  'identities.unknownProvider',
  'notFound',
  ({ provider }) => `No identity provider is configured here under the name ${provider}.`,
)
export const providerUnavailable = defineError<{ host: string; problem: string }>(
  'identities.providerUnavailable',
  'unavailable',
  ({ host, problem }) => `The identity provider ${host} cannot be used right now: ${problem}. Try again in a moment.`,
)

/** One answer for a token that is wrong, an identity that has ended, and a user who may not act: the difference is nobody's business. */
export const identityRefused = defineError(
  'auth.identityRefused',
  'unauthenticated',
  'This does not sign you in. Get a new token from the identity provider; if that does not help, ask whoever runs this service.',
)
export const noNewAccounts = defineError(
  'auth.signUpClosed',
  'denied',
  'No account here belongs to this identity, and none are made for newcomers. Ask whoever runs this service for an invitation.',
)
export const signInToLink = defineError(
  'identities.signInToLink',
  'denied',
  'There is an account with this address, but the address was never proved. Sign in to it as always, and link this identity there.',
)
export const identityTaken = defineError(
  'identities.taken',
  'conflict',
  'This identity belongs to an account already: this one or another. Unlink it there first.',
)
export const noRedirectSignIn = defineError<{ provider: string }>(
  'auth.noRedirectSignIn',
  'invalid',
  ({ provider }) => `The provider ${provider} is configured without a client, so nobody can be sent there. Use auth.signInWithIdentity.`,
)
export const redirectNotAllowed = defineError(
  'auth.redirectNotAllowed',
  'invalid',
  'Nobody is sent there: the address is neither of this installation nor of one of its allowed origins.',
)
export const webhookRefused = defineError('identities.webhookRefused', 'unauthenticated', 'This webhook is not signed as it has to be.')
