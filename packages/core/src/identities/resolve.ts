import { reclaimAccount, insertUser, mayBeReclaimed, usernameFor } from '../accounts/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { IdentityProvider } from '../kernel/settings.ts'
import type { DenizenError } from '../kernel/errors.ts'
import { lockUserWith, emailTaken, existingUser, isActing, UserRow, type UserId } from '../users/index.ts'
import { keptProfile, type Claims } from './claims.ts'
import { IdentityRow } from './entity.ts'
import { identityRefused, identityTaken, noNewAccounts, signInToLink } from './errors.ts'
import { profileChanges } from './rules.ts'
import { wasDeleted, lockIdentity } from './repository.ts'
import { syncRoles } from './sync-roles.ts'

/** Whom a provider's word leads to, their row locked; or why to nobody. */
export type ResolvedUser = { readonly user: UserRow; readonly refused: null } | { readonly user: null; readonly refused: DenizenError }

/**
 * Finds the user behind an identity: by issuer and subject, else by an address that
 * the provider has verified, else a new one. Of many who come at once with the same
 * identity one makes it, by the database's own constraints, and the others find it.
 */
export async function resolveUser(context: CommandContext, provider: IdentityProvider, claims: Claims): Promise<ResolvedUser> {
  const { em } = context
  for (let tries = 1; ; tries++) {
    if (await wasDeleted(em, provider.id, claims.subject)) return { user: null, refused: identityRefused({}) }
    const identity = await lockIdentity(em, claims)
    if (identity !== null) return { user: await updateKnown(context, provider, identity, claims), refused: null }
    const made = await context.attempt(() => linkOrProvision(context, provider, claims))
    if (made.ok) return { user: await existingUser(em, made.value), refused: null }
    const raced = made.error.code === identityTaken.code || made.error.code === emailTaken.code
    if (!raced || tries === 3) return { user: null, refused: made.error }
  }
}

/** Somebody who was here before. */
async function updateKnown(context: CommandContext, provider: IdentityProvider, identity: IdentityRow, claims: Claims): Promise<UserRow> {
  const user = await existingUser(context.em, identity.userId)
  if (!isActing(user.status)) return user
  await updateFromClaims(context, user, identity, claims)
  identity.lastUsedAt = context.now
  await syncRoles(context, provider, user.id, claims.roles)
  await context.em.flush()
  return user
}

/** Takes over what a provider tells of somebody anew. */
export async function updateFromClaims(
  context: CommandContext,
  user: UserRow,
  identity: IdentityRow,
  claims: Omit<Claims, 'roles' | 'expiresAt'>,
): Promise<void> {
  const { em, now } = context
  const changes: Partial<UserRow> = profileChanges(user, keptProfile(identity.profile), claims.profile)
  if (user.email === null && user.kind === 'human' && claims.emailVerified && claims.email !== null) {
    const isFree = (await em.count(UserRow, { email: claims.email })) === 0
    if (isFree) Object.assign(changes, { email: claims.email, emailVerified: true })
  }
  identity.profile = { ...identity.profile, ...claims.profile }
  // A token that says nothing of an address takes none back.
  if (claims.email !== null) Object.assign(identity, { email: claims.email, emailVerified: claims.emailVerified })
  if (Object.keys(changes).length === 0) return
  Object.assign(user, changes, { updatedAt: now })
  context.note({ changes: { profile: Object.keys(changes) } })
  context.invalidate(user.id, { when: 'soon' })
}

/** Somebody who comes with this identity for the first time. */
async function linkOrProvision(context: CommandContext, provider: IdentityProvider, claims: Claims): Promise<UserId> {
  const { em } = context
  const found = claims.emailVerified && claims.email !== null ? await lockUserWith(em, claims.email) : null
  const userId = found === null ? await provisionUser(context, claims) : await reclaimOrUse(context, found)
  await insertIdentity(context, provider, claims, userId)
  if (found !== null) context.invalidate(userId, { when: 'soon' })
  await syncRoles(context, provider, userId, claims.roles)
  return userId
}

/** The account that has the address already. */
async function reclaimOrUse(context: CommandContext, userId: UserId): Promise<UserId> {
  const user = await existingUser(context.em, userId)
  if (!isActing(user.status) || user.kind !== 'human') throw identityRefused({})
  if (user.emailVerified) return userId
  // Nobody had proved the address: whoever made the account may be a stranger who waits for its owner to come.
  if (!(await mayBeReclaimed(context.em, userId))) throw signInToLink({})
  await reclaimAccount(context, user, null)
  context.note({ changes: { addressProved: true } })
  return userId
}

/** An address that the provider did not verify is nobody's: the account is made without one. */
async function provisionUser(context: CommandContext, claims: Claims): Promise<UserId> {
  if (context.settings.signUp === 'closed') throw noNewAccounts({})
  const email = claims.emailVerified ? claims.email : null
  const { id } = await insertUser(context, {
    username: claims.username ?? usernameFor(email ?? ''),
    usernameIsOurs: true,
    email,
    emailVerified: email !== null,
    status: 'active',
    kind: 'human',
    passwordHash: null,
    needPasswordChange: false,
    homeOrganizationId: null,
    profile: claims.profile,
  })
  return id
}

/** Writes that a user is this to a provider. An identity that somebody has is refused by the database. */
export async function insertIdentity(
  context: CommandContext,
  { id: provider }: IdentityProvider,
  claims: Claims,
  userId: UserId,
): Promise<IdentityRow> {
  const { em, now, newId } = context
  const { issuer, subject, email, emailVerified, profile } = claims
  const identity = em.create(IdentityRow, {
    id: newId('idn'),
    userId,
    issuer,
    subject,
    email,
    emailVerified,
    profile: { ...profile },
    createdAt: now,
    lastUsedAt: now,
  })
  em.persist(identity)
  await em.flush()
  context.emit({ type: 'identities.linked', subject: userId, organizationId: null, payload: { userId, identityId: identity.id, provider } })
  return identity
}
