import { z } from 'zod'
import { changes, group, reads } from '../kernel/signature.ts'
import { userId } from '../users/model.ts'
import { Identity, identityId, providerName, providerToken } from './model.ts'

/** The actions of `identities`. */
export const identitiesSignatures = group('identities', {
  list: reads({
    summary: 'Show at which providers a user can sign in',
    input: z.strictObject({ userId: userId.optional().meta({ description: 'whose; without it your own' }) }),
    output: z.object({ items: z.array(Identity) }),
  }),
  link: changes({
    summary: 'Sign in with another provider from now on, too',
    input: z.strictObject({ provider: providerName, token: providerToken }),
    output: Identity,
  }),
  unlink: changes({
    summary: 'Sign in with a provider no more',
    input: z.strictObject({ identityId }),
    output: z.object({ identity: Identity, sessionsEnded: z.int(), tokensEnded: z.int() }),
  }),
})
