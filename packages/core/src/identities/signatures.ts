import { z } from 'zod'
import { changes, group, reads } from '../kernel/signature.ts'
import { lastWayIn } from '../users/errors.ts'
import { identityId, userId } from '../kernel/ids.ts'
import { identityRefused, identityTaken, providerUnavailable, unknownProvider } from './errors.ts'
import { Identity, providerName, providerToken } from './model.ts'

/** The actions of `identities`. */
export const identitiesSignatures = group('identities', {
  list: reads({
    summary: 'Show at which providers a user can sign in',
    grantedTo: ['admin'],
    input: z.strictObject({ userId: userId.optional().meta({ description: 'whose; without it your own' }) }),
    output: z.object({ items: z.array(Identity) }),
  }),
  link: changes({
    summary: 'Sign in with another provider from now on, too',
    errors: [unknownProvider, providerUnavailable, identityRefused, identityTaken],
    input: z.strictObject({ provider: providerName, token: providerToken }),
    output: Identity,
  }),
  unlink: changes({
    summary: 'Sign in with a provider no more',
    grantedTo: ['admin'],
    errors: [lastWayIn],
    input: z.strictObject({ identityId }),
    output: z.object({ identity: Identity, sessionsEnded: z.int(), tokensEnded: z.int() }),
  }),
})
