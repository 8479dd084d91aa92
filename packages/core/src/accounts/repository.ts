import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from '../kernel/id.ts'
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
  const [row] = await em.execute<[{ username: string }]>(statement, [
    uuidOf(user.id),
    user.username,
    user.username,
    rows.otherUsername ?? user.username,
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
    rows.passwordHash,
    rows.passwordHash,
    uuidOf(rows.assignmentId),
    uuidOf(builtInRoles.user.id),
    rows.grantedBy === null ? null : uuidOf(rows.grantedBy),
    uuidOf(rows.membershipId),
    rows.organizationSlug,
  ])
  return row.username
}

const statement = `with account as (
    insert into users (id, username, email, email_verified, full_name, display_name, avatar_url, locale, timezone, description,
        status, kind, need_password_change, preferences, created_at, updated_at)
      values (?, case when not exists (select 1 from users where username = ?) then ? else ? end, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?)
      returning id, username, created_at),
  password as (
    insert into passwords (user_id, hash, changed_at) select id, ?, created_at from account where ?::text is not null),
  assignment as (
    insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_by, granted_at)
      select ?::uuid, 'user', id, ?::uuid, 'system', created_at, ?::uuid, created_at from account),
  membership as (
    insert into memberships (id, organization_id, user_id, role, created_at)
      select ?::uuid, o.id, account.id, 'member', account.created_at from account, organizations o where o.slug = ? and o.status = 'active')
  select username from account`
