import type { SqlEntityManager } from '@mikro-orm/sql'
import { insertUser, reclaimAccount } from '../accounts/index.ts'
import { change } from '../kernel/row.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { IdentityProvider } from '../kernel/settings.ts'
import type { DenizenError } from '../kernel/errors.ts'
import {
  emailTaken,
  existingUser,
  isActing,
  keepsManagement,
  lockAddress,
  lockUserWith,
  UserRow,
  type UserId,
  usernameFrom,
} from '../users/index.ts'
import { keptProfile, type Claims } from './claims.ts'
import { IdentityRow } from './entity.ts'
import { identityRefused, identityTaken, noNewAccounts, signInToLink } from './errors.ts'
import { profileChanges } from './rules.ts'
import { hasPowers, lockIdentity, wasDeleted } from './repository.ts'
import { syncRoles } from './sync-roles.ts'

/** The user that an identity resolves to, its row locked; or why there is none. */
export type ResolvedUser = { readonly user: UserRow; readonly refused: null } | { readonly user: null; readonly refused: DenizenError }

/**
 * Finds the user behind an identity: by issuer and subject, else by an address that
 * the provider has verified, else a new one. Of many concurrent sign-ins with the same
 * identity one creates it, by the database's constraints, and the others find it.
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

/** Updates a known user from the claims, and returns it. */
async function updateKnown(context: CommandContext, provider: IdentityProvider, identity: IdentityRow, claims: Claims): Promise<UserRow> {
  const user = await existingUser(context.em, identity.userId)
  if (!isActing(user.status)) return user
  await updateFromClaims(context, user, identity, claims)
  identity.lastUsedAt = context.now
  await syncRoles(context, provider, user.id, claims.roles)
  await context.em.flush()
  return user
}

/** Updates a user's profile and address from new claims. */
export async function updateFromClaims(
  context: CommandContext,
  user: UserRow,
  identity: IdentityRow,
  claims: Omit<Claims, 'roles' | 'expiresAt'>,
): Promise<void> {
  const { em, now } = context
  const changes: Partial<UserRow> = profileChanges(user, keptProfile(identity.profile), claims.profile)
  if (user.email === null && user.kind === 'human' && claims.emailVerified && claims.email !== null) {
    if (await mayTake(em, user, claims.email))
      change(changes, { email: claims.email, emailVerified: true, pendingEmail: null, pendingEmailAt: null })
  }
  identity.profile = { ...identity.profile, ...claims.profile }
  // A token without an address does not remove one.
  if (claims.email !== null) change(identity, { email: claims.email, emailVerified: claims.emailVerified })
  if (Object.keys(changes).length === 0) return
  change(user, { ...changes, updatedAt: now })
  context.note({ changes: { profile: Object.keys(changes) } })
  context.invalidate(user.id, { when: 'soon' })
}

/** Nobody has the address, until the transaction is over, and it leaves the account with the organization that manages it. */
async function mayTake(em: SqlEntityManager, user: UserRow, email: string): Promise<boolean> {
  if (!(await keepsManagement(em, user, email))) return false
  await lockAddress(em, email)
  return (await em.count(UserRow, { email })) === 0
}

/** The first sign-in with an identity: links it to the account with its address, or provisions one. */
async function linkOrProvision(context: CommandContext, provider: IdentityProvider, claims: Claims): Promise<UserId> {
  const { em } = context
  // Without what is missing they would get an account beside the one that they may have.
  if (claims.incomplete !== undefined) throw claims.incomplete
  const found = claims.emailVerified && claims.email !== null ? await lockUserWith(em, claims.email) : null
  const userId = found === null ? await provisionUser(context, claims) : await reclaimOrUse(context, found)
  await insertIdentity(context, provider, claims, userId)
  if (found !== null) context.invalidate(userId, { when: 'soon' })
  await syncRoles(context, provider, userId, claims.roles)
  return userId
}

/** The existing account with the address; reclaimed if the address was not verified. */
async function reclaimOrUse(context: CommandContext, userId: UserId): Promise<UserId> {
  const user = await existingUser(context.em, userId)
  if (!isActing(user.status) || user.kind !== 'human') throw identityRefused({})
  // Whoever runs a provider can name any address: no provider's word alone opens an account with powers.
  if (await hasPowers(context.em, userId)) throw signInToLink({})
  if (user.emailVerified) return userId
  // The address was not verified: a stranger may have created the account and wait for its owner.
  await reclaimAccount(context, user, { passwordHash: null, refusal: signInToLink({}) })
  context.note({ changes: { addressProved: true } })
  return userId
}

/** An address that the provider did not verify is not used. */
async function provisionUser(context: CommandContext, claims: Claims): Promise<UserId> {
  if (context.settings.signUp !== 'open') throw noNewAccounts({})
  const email = claims.emailVerified ? claims.email : null
  const { id } = await insertUser(context, {
    username: usernameFrom(claims.username, email),
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

/** Links an identity to a user. The database refuses an identity that is linked already. */
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
