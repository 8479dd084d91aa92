import { z } from 'zod'
import {
  identityRefused,
  identityTaken,
  noNewAccounts,
  noRedirectSignIn,
  providerUnavailable,
  redirectNotAllowed,
  signInToLink,
  unknownProvider,
} from '../../identities/errors.ts'
import { providerName, providerToken } from '../../identities/model.ts'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'
import { emailTaken } from '../../users/errors.ts'
import { challengeOver, tooManySessions } from '../errors.ts'
import { tooManyAttempts } from '../../throttling/errors.ts'
import { FactorRequired, SignedIn, SignInAnswer } from '../model.ts'

const redirectTo = z.string().nullable().meta({ description: 'the redirectTo that was given to auth.startOAuth' })

/** The actions of `auth` for signing in with an external identity. */
export const externalSignatures = group('auth', {
  signInWithIdentity: changes({
    summary: 'Sign in with a token that an identity provider signed',
    session: 'opens',
    withoutCommand: 'the tokens are for an application; `denizen login` signs in at a terminal',
    errors: [
      emailTaken,
      tooManySessions,
      tooManyAttempts,
      unknownProvider,
      providerUnavailable,
      identityRefused,
      noNewAccounts,
      signInToLink,
      identityTaken,
    ],
    input: z.strictObject({ provider: providerName, token: providerToken }),
    output: SignInAnswer,
  }),
  startOAuth: changes({
    summary: 'Begin to sign in at an identity provider, by redirect',
    withoutCommand: 'the provider redirects a browser',
    errors: [unknownProvider, providerUnavailable, noRedirectSignIn, redirectNotAllowed, tooManyAttempts],
    input: z.strictObject({
      provider: providerName,
      origin: z.string().min(1).max(256).optional().meta({
        description: 'one of the allowed origins, whose page /oauth/callback/<provider> takes the answer; without it Denizen’s own does',
      }),
      redirectTo: z
        .string()
        .min(1)
        .max(2048)
        .optional()
        .meta({ description: 'where to go afterwards: a path, or an address at an allowed origin' }),
    }),
    output: z.object({
      url: z.string().meta({ description: 'where to send the browser' }),
      challenge: secret(z.string()).meta({ description: 'keep it where only this browser has it; for auth.finishOAuth' }),
      redirectUri: z.string().meta({ description: 'register exactly this at the provider' }),
      expiresAt: z.date(),
    }),
  }),
  finishOAuth: changes({
    summary: 'Sign in with the answer of an identity provider',
    session: 'opens',
    withoutCommand: 'the provider redirects a browser',
    errors: [
      emailTaken,
      tooManySessions,
      tooManyAttempts,
      challengeOver,
      unknownProvider,
      providerUnavailable,
      identityRefused,
      noNewAccounts,
      signInToLink,
      identityTaken,
      noRedirectSignIn,
    ],
    input: z.strictObject({
      provider: providerName.meta({
        description: 'the provider that the page which got the answer is for, as its path names it; compared with the one that was begun',
      }),
      challenge: secret(z.string().min(1).max(256)),
      state: secret(z.string().min(1).max(256)).meta({ description: 'as the provider returned it' }),
      code: secret(z.string().min(1).max(4096)).meta({ description: 'as the provider sent it' }),
      issuer: z.string().max(2048).optional().meta({ description: 'what the provider sent as iss (RFC 9207)' }),
    }),
    output: z.discriminatedUnion('status', [SignedIn.extend({ redirectTo }), FactorRequired.extend({ redirectTo })]),
  }),
})
