import { defineCommand } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { signedIn } from '../kernel/rule.ts'
import { ownAccountTarget } from '../users/index.ts'
import { IdentityRow } from './entity.ts'
import { identityRefused, identityTaken } from './errors.ts'
import { claimsIn, providerNamed } from './providers.ts'
import { shownIdentity, wasDeleted } from './repository.ts'
import { insertIdentity } from './resolve.ts'
import { identitiesSignatures } from './signatures.ts'

export const linkIdentity = defineCommand(identitiesSignatures.link, {
  allow: signedIn,
  requiresRecentAuth: true,
  handlesSecret: true,
  target: ownAccountTarget,
  prepare: (context, { provider, token }) => claimsIn(context, providerNamed(context.settings, provider), token),
  async handle(context, { provider: name }, claims) {
    const { actor, em, settings, now } = context
    const userId = callerId(actor)
    if (userId === null) throw unauthenticated({})
    const provider = providerNamed(settings, name)
    if (claims === null || claims.expiresAt <= now || (await wasDeleted(em, name, claims.subject)))
      return context.refuse(identityRefused({}))
    const taken = await em.findOne(IdentityRow, { issuer: claims.issuer, subject: claims.subject })
    if (taken?.userId === userId) return shownIdentity(taken, settings)
    if (taken !== null) throw identityTaken({})
    const identity = await insertIdentity(context, provider, claims, userId)
    identity.lastUsedAt = null
    context.note({ changes: { identityId: identity.id, provider: name } })
    return shownIdentity(identity, settings)
  },
})
