import { z } from 'zod'
import { changes, group } from '../kernel/signature.ts'
import { passwordsBusy } from '../passwords/errors.ts'
import { longestIdentifier } from '../login-history/model.ts'
import { tooManyAttempts } from '../throttling/errors.ts'
import { invalidCredentials, tooManySessions } from './errors.ts'
import { SignInAnswer, typedPassword } from './model.ts'

/** The actions of `auth` that are made here. */
export const signInSignatures = group('auth', {
  signIn: changes({
    summary: 'Sign in with a password',
    session: 'opens',
    errors: [invalidCredentials, tooManySessions, tooManyAttempts, passwordsBusy],
    input: z.strictObject({
      identifier: z.string().min(1).max(longestIdentifier).meta({ description: 'email address or username' }),
      password: typedPassword,
    }),
    output: SignInAnswer,
  }),
  signOut: changes({
    summary: 'End this session',
    session: 'ends',
    input: z.strictObject({}),
    output: z.object({ sessionsEnded: z.int(), tokensEnded: z.int() }),
  }),
})
