import { z } from 'zod'
import { secret } from '../../kernel/secret.ts'
import { changes, group } from '../../kernel/signature.ts'
import { AssertionResponse, RequestOptions } from '../../passkeys/model.ts'
import { tooManyAttempts } from '../../throttling/errors.ts'
import { challengeOver, invalidCredentials, tooManySessions } from '../errors.ts'
import { SignedIn } from '../model.ts'

const challenge = secret(z.string().max(200)).meta({ description: 'goes back with the response, once' })

/** The actions of `passkeys` for signing in. */
export const passkeySignInSignatures = group('passkeys', {
  beginSignIn: changes({
    summary: 'Begin to sign in with a passkey',
    errors: [tooManyAttempts],
    withoutCommand: 'passkeys are registered and used in a browser',
    input: z.strictObject({}),
    output: z.object({ challenge, options: RequestOptions, expiresAt: z.date() }),
  }),
  finishSignIn: changes({
    summary: 'Sign in with the response of a passkey',
    session: 'opens',
    withoutCommand: 'passkeys are registered and used in a browser',
    errors: [invalidCredentials, tooManySessions, tooManyAttempts, challengeOver],
    input: z.strictObject({ challenge, response: AssertionResponse }),
    output: SignedIn,
  }),
})
