import { ensureAuthenticatorLeft } from '../authenticators/index.ts'
import { defineCommand, defineQuery } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import type { Settings } from '../kernel/settings.ts'
import { notFound, unauthenticated } from '../kernel/errors.ts'
import { allOf, anyOf, granted, notBelow, owner, signedIn } from '../kernel/rule.ts'
import { endSessions } from '../sessions/index.ts'
import { existingUser, namedOrOwnAccountTarget, ownAccountTarget } from '../users/index.ts'
import { revokeVerifications } from '../verifications/index.ts'
import { insertIdentity } from './resolve.ts'
import { IdentityRow } from './entity.ts'
import { identityRefused, identityTaken } from './errors.ts'
import type { Identity } from './model.ts'
import { claimsIn, providerNamed } from './providers.ts'
import { wasDeleted, lockIdentity } from './repository.ts'
import { identitiesSignatures } from './signatures.ts'
import { identityTarget } from './target.ts'

export const listIdentities = defineQuery(identitiesSignatures.list, {
  allow: anyOf(owner, granted),
  target: namedOrOwnAccountTarget,
  async handle({ actor, open, settings }, { userId = callerId(actor) }) {
    if (userId === null) throw unauthenticated({})
    const rows = await (await open()).find(IdentityRow, { userId }, { orderBy: { id: 'asc' } })
    return { items: rows.map((row) => shown(row, settings)) }
  },
})

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
    if ((await em.count(IdentityRow, { issuer: claims.issuer, subject: claims.subject })) > 0) throw identityTaken({})
    const identity = await insertIdentity(context, provider, claims, userId)
    identity.lastUsedAt = null
    context.note({ changes: { identityId: identity.id, provider: name } })
    return shown(identity, settings)
  },
})

export const unlinkIdentity = defineCommand(identitiesSignatures.unlink, {
  allow: anyOf(owner, allOf(granted, notBelow)),
  takesPrecedence: true,
  requiresRecentAuth: true,
  target: identityTarget,
  // Whose it is only the identity tells.
  prepare: async ({ reader }, { identityId }) => (await reader.findOne(IdentityRow, { id: identityId }))?.userId ?? null,
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, { identityId }) {
    const { actor, em, now, settings } = context
    const row = await em.findOne(IdentityRow, { id: identityId })
    // Again, under the lock.
    const identity = row === null ? null : await lockIdentity(em, row)
    if (identity?.id !== identityId) throw notFound({ type: 'identity' })
    const { userId } = identity
    const user = await existingUser(em, userId)
    const told = shown(identity, settings)
    await em.remove(identity).flush()
    await ensureAuthenticatorLeft(em, userId)
    const own = actor.kind === 'user' && actor.principal.userId === userId ? actor.principal.sessionId : null
    const ended = await endSessions(em, { userId, except: own, by: callerId(actor), keepApiTokens: true }, 'credentialsChanged', now)
    await revokeVerifications(context, userId)
    context.invalidate(userId, { when: 'now', ...ended })
    user.updatedAt = now
    context.note({ changes: { provider: told.provider, issuer: told.issuer, ...ended } })
    context.emit({
      type: 'identities.unlinked',
      subject: userId,
      organizationId: null,
      payload: { userId, identityId, provider: told.provider },
    })
    return { identity: told, ...ended }
  },
})

function shown(row: IdentityRow, { identityProviders }: Settings): Identity {
  const { id, issuer, subject, email, emailVerified, createdAt, lastUsedAt } = row
  const provider = identityProviders.find((known) => known.issuer === issuer)?.id ?? null
  return { id, provider, issuer, subject, email, emailVerified, createdAt, lastUsedAt }
}
