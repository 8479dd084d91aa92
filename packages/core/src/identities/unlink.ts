import { ensureAuthenticatorLeft } from '../authenticators/index.ts'
import { defineCommand } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import { notFound } from '../kernel/errors.ts'
import { allOf, anyOf, granted, notBelow, owner } from '../kernel/rule.ts'
import { endSessions } from '../sessions/index.ts'
import { existingUser } from '../users/index.ts'
import { revokeVerifications } from '../verifications/index.ts'
import { IdentityRow } from './entity.ts'
import { lockIdentity, shownIdentity } from './repository.ts'
import { identitiesSignatures } from './signatures.ts'
import { identityTarget } from './target.ts'

export const unlinkIdentity = defineCommand(identitiesSignatures.unlink, {
  allow: anyOf(owner, allOf(granted, notBelow)),
  takesPrecedence: 'everywhere',
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
    const told = shownIdentity(identity, settings)
    await em.remove(identity).flush()
    await ensureAuthenticatorLeft(context, userId)
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
