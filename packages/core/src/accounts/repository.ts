import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { builtInRoles } from '../access/index.ts'
import type { JsonObject } from '../kernel/text.ts'
import type { ManagedUser } from '../users/index.ts'

/** The rows of a new account, beside the user's own. */
export interface AccountRows {
  readonly user: Omit<ManagedUser, 'version' | 'privateMetadata'> & { readonly privateMetadata: JsonObject }
  /** Taken instead of the username when somebody has that already; null: then it is a conflict. */
  readonly otherUsername: string | null
  readonly passwordHash: string | null
  readonly assignmentId: Id<'asg'>
  readonly grantedBy: Id<'usr'> | null
  readonly membershipId: Id<'mem'>
  /** The organization to join when the user has no home organization; null: none. */
  readonly organizationSlug: string | null
}

/**
 * Writes user, password, role and membership in one statement: it is the
 * busiest command of all, and each statement more costs it a quarter of its rate.
 * Returns the username it took.
 */
export async function insertAccount(em: SqlEntityManager, rows: AccountRows): Promise<string> {
  const { user } = rows
  const [row] = await runStatement<{ username: string }>(em, insertion, [
    uuidOf(user.id),
    user.username,
    user.email,
    user.emailVerified,
    user.fullName,
    user.displayName,
    user.phone,
    user.avatarUrl,
    user.locale,
    user.timezone,
    user.description,
    user.status,
    user.kind,
    user.needPasswordChange,
    rows.passwordHash,
    JSON.stringify(user.preferences),
    JSON.stringify(user.publicMetadata),
    JSON.stringify(user.privateMetadata),
    user.homeOrganizationId === null ? null : uuidOf(user.homeOrganizationId),
    user.createdAt,
    user.updatedAt,
    rows.otherUsername ?? user.username,
    uuidOf(rows.assignmentId),
    uuidOf(builtInRoles[user.kind === 'anonymous' ? 'anonymous' : 'user'].id),
    rows.grantedBy === null ? null : uuidOf(rows.grantedBy),
    uuidOf(rows.membershipId),
    rows.organizationSlug,
  ])
  if (row === undefined) throw new TypeError('A new account came without its username.')
  return row.username
}

const columns = `email, email_verified, full_name, display_name, phone, avatar_url, locale, timezone, description,
        status, kind, need_password_change, password_changed_at, preferences, public_metadata, private_metadata, home_organization_id,
        created_at, updated_at`

/** Whoever comes too late, also by a moment, writes no first row; the second then takes the other username, or fails with what is taken. */
const insertion = statement(
  'account',
  `with given as (
    select *, case when password is null then null else created_at end as password_changed_at from (select ?::uuid as id, ?::text as username, ?::text as email, ?::boolean as email_verified, ?::text as full_name, ?::text as display_name,
        ?::text as phone, ?::text as avatar_url, ?::text as locale, ?::text as timezone, ?::text as description, ?::text as status, ?::text as kind,
        ?::boolean as need_password_change, ?::text as password,
        ?::jsonb as preferences, ?::jsonb as public_metadata, ?::jsonb as private_metadata, ?::uuid as home_organization_id,
        ?::timestamptz as created_at, ?::timestamptz as updated_at) as asked),
  first as (
    insert into users (id, username, ${columns}) select id, username, ${columns} from given
      on conflict do nothing returning id, username, created_at, home_organization_id),
  second as (
    insert into users (id, username, ${columns}) select id, ?::text, ${columns} from given where not exists (select 1 from first)
      returning id, username, created_at, home_organization_id),
  account as (select * from first union all select * from second),
  password as (
    insert into passwords (user_id, hash, changed_at)
      select account.id, given.password, given.created_at from account, given where given.password is not null),
  assignment as (
    insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_by, granted_at)
      select ?::uuid, 'user', id, ?::uuid, 'system', created_at, ?::uuid, created_at from account),
  membership as (
    insert into memberships (id, organization_id, user_id, role, created_at)
      select ?::uuid, o.id, account.id, 'member', account.created_at from account, organizations o
        where o.status = 'active' and (o.id = account.home_organization_id or (account.home_organization_id is null and o.slug = ?::text)))
  select username from account`,
)
