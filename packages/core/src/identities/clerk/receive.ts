import { z } from 'zod'
import { changeStatus } from '../../accounts/index.ts'
import { authenticatorsOf, type Authenticators } from '../../authenticators/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import { systemOnly } from '../../kernel/rule.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import type { IdentityProvider } from '../../kernel/settings.ts'
import { command } from '../../kernel/signature.ts'
import { endSessions } from '../../sessions/index.ts'
import { existingUser, isActing, lastSuperadmin } from '../../users/index.ts'
import { resolveUser, updateFromClaims } from '../resolve.ts'
import type { Claims } from '../claims.ts'
import { webhookRefused } from '../errors.ts'
import { lockIdentity, recordDeletion, recordEvent } from '../repository.ts'
import { claimsOfUser, eventIn } from './event.ts'
import { isSigned, type SignedWebhook } from './signature.ts'

const outcome = z.enum(['applied', 'seenBefore', 'outOfDate', 'ignored'])
type Outcome = z.infer<typeof outcome>

/**
 * Receives a webhook of Clerk. It is not among the actions, so no face
 * offers it and no role grants it; only core itself runs it, through the same
 * pipeline, so that it is recorded like all else.
 */
export const receiveClerkWebhook = defineCommand(
  command('identities.receiveWebhook', {
    summary: 'Take in what Clerk tells of a user',
    input: z.strictObject({
      id: z.string().min(1).max(256),
      timestamp: z.string().max(32),
      signature: z.string().max(2048),
      body: z.string().max(1024 * 1024),
    }),
    output: z.object({ outcome }),
  }),
  {
    allow: systemOnly,
    handlesSecret: true,
    prepare: signer,
    async handle(context, { id, body }, provider): Promise<{ outcome: Outcome }> {
      const { em, now } = context
      const event = eventIn(body)
      context.note({ changes: { provider: provider.id, type: event?.type ?? null } })
      if (!(await recordEvent(em, provider.id, id, now))) return { outcome: 'seenBefore' }
      if (event === null) return { outcome: 'ignored' }
      if (event.type === 'user.deleted') return { outcome: await applyDeletion(context, provider, event.data.id) }
      return { outcome: await applyUpdate(context, provider, claimsOfUser(event.data, provider, now), event.data.updated_at) }
    },
  },
)

/** The provider whose secret signed the webhook. */
async function signer({ settings, now }: PrepareContext, webhook: SignedWebhook): Promise<IdentityProvider> {
  for (const provider of settings.identityProviders) {
    const { kind, webhookSecret } = provider
    if (kind === 'clerk' && webhookSecret !== null && (await isSigned(webhook, webhookSecret, now))) return provider
  }
  throw webhookRefused({})
}

/**
 * A user was created or updated. Webhooks overtake each other: an event older
 * than the known state changes nothing, and deleted users stay deleted.
 */
async function applyUpdate(context: CommandContext, provider: IdentityProvider, claims: Claims, updatedAt: number): Promise<Outcome> {
  const { em } = context
  const known = await lockIdentity(em, claims)
  if (known !== null && Number(known.profile['updatedAt'] ?? 0) > updatedAt) return 'outOfDate'
  const { user, refused } = await resolveUser(context, provider, claims)
  if (user === null) {
    context.note({ changes: { provider: provider.id, refused: refused.code } })
    return 'ignored'
  }
  const identity = await lockIdentity(em, claims)
  if (identity === null) return 'ignored'
  // A sign-in does not update users who may not act; a webhook does.
  if (!isActing(user.status)) await updateFromClaims(context, user, identity, claims)
  // A webhook does not count as use.
  identity.lastUsedAt = known === null ? null : known.lastUsedAt
  identity.profile = { ...identity.profile, updatedAt }
  context.note({ target: { type: 'user', id: user.id } })
  await em.flush()
  return 'applied'
}

/**
 * A user was deleted at the provider. Nothing is deleted here: an administrator must not lose data
 * because of another system's click. The identity goes, all sessions end, and whoever
 * had no other way in is suspended.
 */
async function applyDeletion(context: CommandContext, provider: IdentityProvider, subject: string): Promise<Outcome> {
  const { em, now } = context
  await recordDeletion(em, provider.id, subject, now)
  const identity = await lockIdentity(em, { issuer: provider.issuer, subject })
  if (identity === null) return 'outOfDate'
  const { id: identityId, userId } = identity
  const user = await existingUser(em, userId)
  await em.remove(identity).flush()
  const ended = await endSessions(em, { userId, keepApiTokens: true }, 'credentialsChanged', now)
  context.invalidate(userId, { when: 'now', ...ended })
  if (isActing(user.status) && !hasAny(await authenticatorsOf(em, userId))) await suspend(context, userId)
  context.note({ target: { type: 'user', id: userId } })
  context.emit({
    type: 'identities.unlinked',
    subject: userId,
    organizationId: null,
    payload: { userId, identityId, provider: provider.id },
  })
  return 'applied'
}

/** The last superadmin is not suspended, although it cannot sign in until an administrator helps. */
async function suspend(context: CommandContext, userId: Parameters<typeof existingUser>[1]): Promise<void> {
  const suspended = await context.attempt(async () => {
    const user = await existingUser(context.em, userId)
    await changeStatus(context, user, 'suspended', { because: 'userStatus', permission: receiveClerkWebhook.signature.name })
    user.statusReason = 'deleted at the identity provider'
  })
  if (!suspended.ok && suspended.error.code !== lastSuperadmin.code) throw suspended.error
}

function hasAny({ password, passkeys, identities, verifiedEmail }: Authenticators): boolean {
  return password || verifiedEmail || passkeys + identities > 0
}
