import { defineError } from '../kernel/errors.ts'

export const unknownProvider = defineError<{ provider: string }>(
  'identities.unknownProvider',
  'notFound',
  ({ provider }) => `No identity provider named ${provider} is configured here.`,
)
export const providerUnavailable = defineError<{ host: string; problem: string }>(
  'identities.providerUnavailable',
  'unavailable',
  ({ host, problem }) => `The identity provider ${host} cannot be used right now: ${problem}. Try again in a moment.`,
)

/** The same error for a wrong token, a deleted identity and an inactive user: the difference reveals nothing. */
export const identityRefused = defineError(
  'auth.identityRefused',
  'unauthenticated',
  'Sign-in with this identity failed. Try again with a new token from the provider; if it keeps failing, ask the operator of this service.',
)
export const noNewAccounts = defineError(
  'auth.signUpClosed',
  'denied',
  'This identity has no account here, and sign-up is closed. Ask an administrator of this service for an invitation.',
)
export const signInToLink = defineError(
  'identities.signInToLink',
  'denied',
  'There is an account with this address already, and this provider alone does not open it. Sign in to that account in another way, and link this identity to it then, in an application that offers it (identities.link).',
)
export const identityTaken = defineError(
  'identities.taken',
  'conflict',
  'This identity is linked to an account already. Unlink it there first.',
)
export const noRedirectSignIn = defineError<{ provider: string }>(
  'auth.noRedirectSignIn',
  'invalid',
  ({ provider }) =>
    `The provider ${provider} is configured without a client, so it cannot be used by redirect. Use auth.signInWithIdentity.`,
)
export const redirectNotAllowed = defineError(
  'auth.redirectNotAllowed',
  'invalid',
  'This redirect is not allowed: use an address of this installation or of one of its allowed origins.',
)
export const webhookRefused = defineError(
  'identities.webhookRefused',
  'unauthenticated',
  'The signature of this webhook is not valid. Check its signing secret.',
)
