import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { builtInRoles } from '../access/index.ts'
import type { User } from '../users/index.ts'

/** The rows of a new account, beside the user's own. */
export interface AccountRows {
  readonly user: Omit<User, 'version'>
  /** Taken instead of the username when somebody has that already; null: then it is a conflict. */
  readonly otherUsername: string | null
  readonly passwordHash: string | null
  readonly assignmentId: Id<'asg'>
  readonly grantedBy: Id<'usr'> | null
  readonly membershipId: Id<'mem'>
  /** The organization to join; null: none. */
  readonly organizationSlug: string | null
}

/**
 * Writes user, password, role `user` and membership in one statement: it is the
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
    user.avatarUrl,
    user.locale,
    user.timezone,
    user.description,
    user.status,
    user.kind,
    user.needPasswordChange,
    JSON.stringify(user.preferences),
    user.createdAt,
    user.updatedAt,
    rows.otherUsername ?? user.username,
    rows.passwordHash,
    rows.passwordHash,
    uuidOf(rows.assignmentId),
    uuidOf(builtInRoles.user.id),
    rows.grantedBy === null ? null : uuidOf(rows.grantedBy),
    uuidOf(rows.membershipId),
    rows.organizationSlug,
  ])
  if (row === undefined) throw new TypeError('A new account came without its username.')
  return row.username
}

const columns = `email, email_verified, full_name, display_name, avatar_url, locale, timezone, description,
        status, kind, need_password_change, preferences, created_at, updated_at`

/** Whoever comes too late, also by a moment, writes no first row; the second then takes the other username, or fails with what is taken. */
const insertion = statement(
  'account',
  `with given as (
    select ?::uuid as id, ?::text as username, ?::text as email, ?::boolean as email_verified, ?::text as full_name, ?::text as display_name,
        ?::text as avatar_url, ?::text as locale, ?::text as timezone, ?::text as description, ?::text as status, ?::text as kind,
        ?::boolean as need_password_change, ?::jsonb as preferences, ?::timestamptz as created_at, ?::timestamptz as updated_at),
  first as (
    insert into users (id, username, ${columns}) select id, username, ${columns} from given
      on conflict do nothing returning id, username, created_at),
  second as (
    insert into users (id, username, ${columns}) select id, ?::text, ${columns} from given where not exists (select 1 from first)
      returning id, username, created_at),
  account as (select * from first union all select * from second),
  password as (
    insert into passwords (user_id, hash, changed_at) select id, ?::text, created_at from account where ?::text is not null),
  assignment as (
    insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_by, granted_at)
      select ?::uuid, 'user', id, ?::uuid, 'system', created_at, ?::uuid, created_at from account),
  membership as (
    insert into memberships (id, organization_id, user_id, role, created_at)
      select ?::uuid, o.id, account.id, 'member', account.created_at from account, organizations o where o.slug = ?::text and o.status = 'active')
  select username from account`,
)
