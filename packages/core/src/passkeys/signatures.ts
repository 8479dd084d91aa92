import { z } from 'zod'
import { lastFactorRequired } from '../authenticators/errors.ts'
import { secret } from '../kernel/secret.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { factorNotAllowed } from '../policies/errors.ts'
import { lastWayIn } from '../users/errors.ts'
import { passkeyId, userId } from '../kernel/ids.ts'
import { alreadyRegistered, registrationFailed, registrationOver, tooManyPasskeys } from './errors.ts'
import { AttestationResponse, CreationOptions, Passkey, passkeyName } from './model.ts'

const challenge = secret(z.string().max(200)).meta({ description: 'goes back with the response, once' })

export const passkeysSignatures = group('passkeys', {
  beginRegistration: changes({
    summary: 'Begin to register a passkey',
    withoutCommand: 'passkeys are registered and used in a browser',
    errors: [factorNotAllowed, tooManyPasskeys],
    input: z.strictObject({}),
    output: z.object({ challenge, options: CreationOptions, expiresAt: z.date() }),
  }),
  finishRegistration: changes({
    summary: 'Register the passkey that the browser made',
    withoutCommand: 'passkeys are registered and used in a browser',
    errors: [factorNotAllowed, registrationFailed, registrationOver, alreadyRegistered, tooManyPasskeys],
    input: z.strictObject({ challenge, response: AttestationResponse, name: passkeyName.optional() }),
    output: z.object({ passkey: Passkey, sessionsEnded: z.int().meta({ description: 'all others of the user' }) }),
  }),
  list: reads({
    summary: 'List your passkeys',
    grantedTo: ['admin'],
    input: z.strictObject({ userId: userId.optional().meta({ description: 'default: yourself' }) }),
    output: z.object({ passkeys: z.array(Passkey) }),
  }),
  remove: changes({
    summary: 'Remove a passkey',
    errors: [lastWayIn, lastFactorRequired],
    input: z.strictObject({ passkeyId }),
    output: z.object({ sessionsEnded: z.int().meta({ description: 'all others of the user' }) }),
  }),
})
