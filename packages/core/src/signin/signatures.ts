import { z } from 'zod'
import { command } from '../kernel/signature.ts'
import { SignedIn, typedPassword } from './model.ts'

export const signInSignature = command('auth.signIn', {
  summary: 'Sign in with a password',
  input: z.strictObject({
    identifier: z.string().min(1).max(320).meta({ description: 'email address or username' }),
    password: typedPassword,
  }),
  output: SignedIn,
})

export const signOutSignature = command('auth.signOut', {
  summary: 'End this session',
  input: z.strictObject({}),
  output: z.object({ sessionsEnded: z.int(), tokensEnded: z.int() }),
})
