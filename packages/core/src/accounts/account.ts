import { isGrantedEverywhere, callerId } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Id } from '../kernel/id.ts'
import { otherUsername, usernameFrom, type Account, type UserKind } from '../users/index.ts'
import { profileSignatures } from './profile/signatures.ts'
import { insertAccount } from './repository.ts'

/** The data of a new account. */
export interface NewAccount {
  readonly username: string
  /** Denizen chose the username: if it is taken, another is chosen instead of failing. */
  readonly usernameIsOurs: boolean
  /** Of an imported user: where it is from (see `UserRow`). */
  readonly importedFrom?: string
  readonly email: string | null
  readonly emailVerified: boolean
  readonly status: 'active' | 'inactive' | 'temporary'
  /** An anonymous user gets the role of that name and joins no organization. */
  readonly kind: UserKind
  readonly passwordHash: string | null
  readonly needPasswordChange: boolean
  /** The organization that manages the account and that it joins. A seat must be reserved for it. */
  readonly homeOrganizationId: Id<'org'> | null
  readonly profile: Profile
}

interface Profile {
  readonly fullName?: string | null | undefined
  readonly displayName?: string | null | undefined
  readonly phone?: string | undefined
  readonly avatarUrl?: string | undefined
  readonly locale?: string | undefined
  readonly timezone?: string | undefined
  readonly description?: string | undefined
  readonly preferences?: JsonObject | undefined
  readonly publicMetadata?: JsonObject | undefined
  readonly privateMetadata?: JsonObject | undefined
}

/** The account of whoever has just proved this address: active at once, and managed by no organization. */
export function insertProvenUser(
  context: CommandContext,
  {
    email,
    username,
    ...account
  }: Pick<NewAccount, 'passwordHash' | 'profile'> & { readonly email: string; readonly username: string | null },
): Promise<Account> {
  return insertUser(context, {
    ...account,
    username: username ?? usernameFrom(email),
    usernameIsOurs: username === null,
    email,
    emailVerified: true,
    status: 'active',
    kind: 'human',
    needPasswordChange: false,
    homeOrganizationId: null,
  })
}

/** Writes a whole account in the current transaction: user, password, role, membership and event. */
export async function insertUser(context: CommandContext, account: NewAccount): Promise<Account> {
  const { em, newId, settings, actor } = context
  const user = userOf(context, account)
  const username = await insertAccount(em, {
    user,
    importedFrom: account.importedFrom ?? null,
    otherUsername: account.usernameIsOurs ? otherUsername(user.username, user.id) : null,
    passwordHash: account.passwordHash,
    assignmentId: newId('asg'),
    grantedBy: callerId(actor),
    membershipId: newId('mem'),
    operatorHolds: account.needPasswordChange && isGrantedEverywhere(actor, profileSignatures.update.name) ? ['passwordChange'] : [],
    organizationSlug: account.kind === 'anonymous' ? null : settings.defaultOrganization,
  })
  context.emit({ type: 'users.created', subject: user.id, organizationId: null, payload: { userId: user.id, username, kind: user.kind } })
  return { ...user, username, version: 1 }
}

function userOf({ now, newId }: CommandContext, { profile, ...account }: NewAccount): Omit<Account, 'version'> {
  return {
    id: newId('usr'),
    username: account.username,
    email: account.email,
    emailVerified: account.emailVerified,
    fullName: profile.fullName ?? null,
    displayName: profile.displayName ?? profile.fullName ?? null,
    phone: profile.phone ?? null,
    avatarUrl: profile.avatarUrl ?? null,
    locale: profile.locale ?? null,
    timezone: profile.timezone ?? null,
    description: profile.description ?? null,
    status: account.status,
    statusReason: null,
    statusChangedAt: null,
    statusChangedBy: null,
    kind: account.kind,
    needPasswordChange: account.needPasswordChange,
    passwordChangedAt: account.passwordHash === null ? null : now,
    allowedIps: [],
    resourcePolicy: null,
    sudoSessionEnabled: false,
    container: null,
    preferences: profile.preferences ?? {},
    publicMetadata: profile.publicMetadata ?? {},
    privateMetadata: profile.privateMetadata ?? {},
    isBot: false,
    isScanner: false,
    legalHold: false,
    archivedAt: null,
    archivedBy: null,
    archiveReason: null,
    grantsFrozenAt: null,
    homeOrganizationId: account.homeOrganizationId,
    createdAt: now,
    updatedAt: now,
  }
}
