import { z } from 'zod'
import { changes, group, reads } from '../kernel/signature.ts'
import { lastWayIn } from '../users/errors.ts'
import { identityId, userId } from '../kernel/ids.ts'
import { identityRefused, identityTaken, providerUnavailable, unknownProvider } from './errors.ts'
import { Identity, providerName, providerToken } from './model.ts'

/** The actions of `identities`. */
export const identitiesSignatures = group('identities', {
  list: reads({
    summary: 'List the linked identities of a user',
    grantedTo: ['admin'],
    input: z.strictObject({ userId: userId.optional().meta({ description: 'default: yourself' }) }),
    output: z.object({ items: z.array(Identity) }),
  }),
  link: changes({
    summary: 'Link an identity of another provider',
    errors: [unknownProvider, providerUnavailable, identityRefused, identityTaken],
    input: z.strictObject({ provider: providerName, token: providerToken }),
    output: Identity,
  }),
  unlink: changes({
    summary: 'Unlink an identity',
    grantedTo: ['admin'],
    errors: [lastWayIn],
    input: z.strictObject({ identityId }),
    output: z.object({ identity: Identity, sessionsEnded: z.int(), tokensEnded: z.int() }),
  }),
})
