import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, uuidOrNull, type Id } from '../kernel/id.ts'
import { runStatement, statement, type Statement } from '../kernel/statement.ts'
import { builtInRoles } from '../grants/index.ts'
import type { JsonObject } from '../kernel/json.ts'
import { folded } from '../text/index.ts'
import { storedSkeleton, type ManagedUser, type OperatorHold } from '../users/index.ts'

/** The rows of a new account. */
export interface AccountRows {
  readonly user: Omit<ManagedUser, 'version' | 'privateMetadata'> & { readonly privateMetadata: JsonObject }
  readonly importedFrom: string | null
  /** Used instead if the username is taken; null: a conflict then. */
  readonly otherUsername: string | null
  readonly passwordHash: string | null
  readonly assignmentId: Id<'asg'>
  readonly grantedBy: Id<'usr'> | null
  readonly membershipId: Id<'mem'>
  readonly operatorHolds: readonly OperatorHold[]
  /** The organization that a user without a home organization joins; null: none. */
  readonly organizationSlug: string | null
}

/**
 * Writes the user and its role, and a password and a membership if there are any, in one statement: it
 * is the busiest command of all, and every further statement, and every table opened for
 * nothing, costs throughput. Returns the username that was used.
 */
export async function insertAccount(em: SqlEntityManager, rows: AccountRows): Promise<string> {
  const { user, otherUsername } = rows
  if (otherUsername === null) return taken(await insert(em, rows, { username: user.username, unless: 'never' }))
  // If the name was taken, even a moment ago, the first insert writes no row; the second then uses the other username, or fails with the conflict.
  const username = await insert(em, rows, { username: user.username, unless: 'taken' })
  return username ?? taken(await insert(em, rows, { username: otherUsername, unless: 'never' }))
}

function taken(username: string | null): string {
  if (username === null) throw new TypeError('The insert of an account returned no username.')
  return username
}

/** @param unless `taken`: if the username or the address is taken, nothing is written and the answer is null. */
async function insert(
  em: SqlEntityManager,
  rows: AccountRows,
  { username, unless }: { readonly username: string; readonly unless: 'taken' | 'never' },
): Promise<string | null> {
  const { user, passwordHash, grantedBy, organizationSlug } = rows
  const withPassword = passwordHash !== null
  const withMembership = user.homeOrganizationId !== null || organizationSlug !== null
  const parameters = [
    username,
    storedSkeleton(username),
    rows.importedFrom,
    `{${rows.operatorHolds.join(',')}}`,
    ...Object.values(columns).map((valueOf) => valueOf(user)),
    ...(withPassword ? [passwordHash] : []),
    ...(withMembership ? [uuidOf(rows.membershipId), organizationSlug] : []),
    uuidOf(rows.assignmentId),
    uuidOf(builtInRoles[user.kind === 'anonymous' ? 'anonymous' : 'user'].id),
    uuidOrNull(grantedBy),
  ]
  const [row] = await runStatement<{ username: string }>(em, insertions[nameOf(unless, withPassword, withMembership)], parameters)
  return row?.username ?? null
}

/** The variable columns of a new user, and their values. */
const columns: Readonly<Record<string, (user: AccountRows['user']) => unknown>> = {
  id: ({ id }) => uuidOf(id),
  email: ({ email }) => email,
  email_verified: ({ emailVerified }) => emailVerified,
  // The account waits for whoever proves the address.
  reclaimable: ({ kind, email, emailVerified }) => kind === 'human' && email !== null && !emailVerified,
  full_name: ({ fullName }) => fullName,
  folded_full_name: ({ fullName }) => fullName && folded(fullName),
  display_name: ({ displayName }) => displayName,
  folded_display_name: ({ displayName }) => displayName && folded(displayName),
  phone: ({ phone }) => phone,
  avatar_url: ({ avatarUrl }) => avatarUrl,
  locale: ({ locale }) => locale,
  timezone: ({ timezone }) => timezone,
  description: ({ description }) => description,
  status: ({ status }) => status,
  kind: ({ kind }) => kind,
  need_password_change: ({ needPasswordChange }) => needPasswordChange,
  password_changed_at: ({ passwordChangedAt }) => passwordChangedAt,
  preferences: ({ preferences }) => JSON.stringify(preferences),
  public_metadata: ({ publicMetadata }) => JSON.stringify(publicMetadata),
  private_metadata: ({ privateMetadata }) => JSON.stringify(privateMetadata),
  home_organization_id: ({ homeOrganizationId }) => uuidOrNull(homeOrganizationId),
  created_at: ({ createdAt }) => createdAt,
  updated_at: ({ updatedAt }) => updatedAt,
}

type Unless = 'taken' | 'never'

function nameOf(unless: Unless, withPassword: boolean, withMembership: boolean) {
  return `account${unless === 'taken' ? '_unless_taken' : ''}${withPassword ? '_password' : ''}${withMembership ? '_member' : ''}` as const
}

function insertionOf(unless: Unless, withPassword: boolean, withMembership: boolean): Statement {
  const names = Object.keys(columns)
  const password = `password as (insert into passwords (user_id, hash, changed_at) select id, ?::text, created_at from account),`
  const membership = `membership as (
    insert into memberships (id, organization_id, user_id, role, created_at)
      select ?::uuid, o.id, account.id, 'member', account.created_at from account, organizations o
        where o.status = 'active' and (o.id = account.home_organization_id or (account.home_organization_id is null and o.slug = ?::text))),`
  const assignment = `assignment as (
    insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_by, granted_at)
      select ?::uuid, 'user', id, ?::uuid, 'system', created_at, ?::uuid, created_at from account)`
  return statement(
    nameOf(unless, withPassword, withMembership),
    `with account as (
      insert into users (username, username_skeleton, imported_from, operator_holds, ${names.join(', ')}) values (?, ?, ?, ?::text[], ${names.map(() => '?').join(', ')})
        ${unless === 'taken' ? 'on conflict do nothing' : ''} returning id, username, created_at, home_organization_id),
    ${withPassword ? password : ''} ${withMembership ? membership : ''} ${assignment}
    select username from account`,
  )
}

const insertions = Object.fromEntries(
  (['taken', 'never'] as const).flatMap((unless) =>
    [true, false].flatMap((withPassword) =>
      [true, false].map((withMembership) => [
        nameOf(unless, withPassword, withMembership),
        insertionOf(unless, withPassword, withMembership),
      ]),
    ),
  ),
) as Record<ReturnType<typeof nameOf>, Statement>
