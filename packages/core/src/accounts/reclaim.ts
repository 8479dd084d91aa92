import type { SqlEntityManager } from '@mikro-orm/sql'
import { assignEverywhere, currentAssignmentEverywhere } from '../access/index.ts'
import { builtInRoles } from '../grants/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { DenizenError } from '../kernel/errors.ts'
import { uuidOf } from '../kernel/id.ts'
import { change } from '../kernel/row.ts'
import type { Settings } from '../kernel/settings.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { PasswordRow } from '../passwords/index.ts'
import { endSessions } from '../sessions/index.ts'
import { skeletonExpression, otherUsername, storedSkeleton, usernameFrom, withHold, type UserId, type UserRow } from '../users/index.ts'
import { revokeVerifications } from '../verifications/index.ts'
import { hasOwnAllowedIps } from './allowed-ips.ts'
import { rememberStatus } from './lifecycle/remember-status.ts'

/** Everything that lets somebody sign in, or soon will: before the address was verified, anybody may have set it up. */
const tablesOfCredentials = ['former_passwords', 'identities', 'passkeys', 'totp_factors', 'recovery_codes', 'device_logins', 'challenges']

/** How an account is reclaimed. */
interface ReclaimOptions {
  /** Of the password that the owner chooses; null: no password for now. */
  readonly passwordHash: string | null
  /** Thrown if the account must not be reclaimed. */
  readonly refusal: DenizenError
}

/**
 * Gives an account whose address nobody had proved to the person who has just proved it. Somebody else may have
 * used it before: passwords, authenticators, identities, links, tokens and sessions are removed, and the names and
 * preferences as well if anything was changed since an operator or an import made it. Its row must be locked.
 */
export async function reclaimAccount(context: CommandContext, account: UserRow, { passwordHash, refusal }: ReclaimOptions): Promise<void> {
  if (!(await mayBeReclaimed(context.em, context.settings, account.id))) throw refusal
  if (account.version > 1) await clearProfile(context, account)
  await replaceCredentials(context, account, passwordHash)
}

/**
 * Turns an anonymous user (row locked) into a full one, with the address that the link proved. Its id, its name and
 * everything that it owns stay: keeping them is what the link is for.
 */
export async function convertAnonymousUser(context: CommandContext, user: UserRow, email: string, passwordHash: string): Promise<void> {
  const { em, now, newId, settings } = context
  const username = await freeUsername(context, user, usernameFrom(email))
  await rememberStatus(context, user)
  change(user, { email, username, kind: 'human', status: 'active', statusChangedAt: now, updatedAt: now })
  const anonymous = await currentAssignmentEverywhere(em, user.id, builtInRoles.anonymous.id)
  if (anonymous !== null) change(anonymous, { revokedAt: now, revokedBy: user.id })
  if ((await currentAssignmentEverywhere(em, user.id, builtInRoles.user.id)) === null)
    assignEverywhere(em, { id: newId('asg'), userId: user.id, roleId: builtInRoles.user.id, grantedBy: null, now })
  await em.flush()
  await em.execute(
    `insert into memberships (id, organization_id, user_id, role, created_at)
      select ?::uuid, id, ?::uuid, 'member', ? from organizations where slug = ?::text and status = 'active' on conflict do nothing`,
    [uuidOf(newId('mem')), uuidOf(user.id), now, settings.defaultOrganization],
    'run',
  )
  await replaceCredentials(context, user, passwordHash)
  context.emit({ type: 'users.claimed', subject: user.id, organizationId: null, payload: { userId: user.id } })
}

/** From now on only the person who proved the address gets into the account. */
async function replaceCredentials(context: CommandContext, account: UserRow, passwordHash: string | null): Promise<void> {
  const { em, now } = context
  for (const table of tablesOfCredentials) await em.execute(`delete from ${table} where user_id = ?`, [uuidOf(account.id)], 'run')
  await revokeVerifications(context, account.id)
  // Whoever the import meant, it was not them: a repeated one gives them nothing.
  await em.execute('update users set imported_from = null where id = ? and imported_from is not null', [uuidOf(account.id)], 'run')
  await em.nativeDelete(PasswordRow, { userId: account.id })
  if (passwordHash !== null) em.persist(em.create(PasswordRow, { userId: account.id, hash: passwordHash, changedAt: now }))
  const ended = await endSessions(em, { userId: account.id }, 'addressProved', now)
  context.invalidate(account.id, { when: 'now', ...ended })
  change(account, {
    passwordChangedAt: passwordHash === null ? null : now,
    needPasswordChange: false,
    operatorHolds: withHold(account.operatorHolds, 'passwordChange', false),
    // Set by the previous holder, they would lock the owner out.
    ...(hasOwnAllowedIps(account) && { allowedIps: [], limitedBy: null }),
    emailVerified: true,
    reclaimable: false,
    pendingEmail: null,
    pendingEmailAt: null,
    updatedAt: now,
  })
  await em.flush()
}

/** What the previous holder called themselves would speak for the owner. */
async function clearProfile(context: CommandContext, account: UserRow): Promise<void> {
  const username = await freeUsername(context, account, usernameFrom(account.email))
  const names = { username, fullName: null, displayName: null, avatarUrl: null, phone: null, description: null }
  change(account, { ...names, preferences: {} })
}

/** As for every chosen username: with a suffix if it is taken. */
async function freeUsername({ em }: CommandContext, { id }: UserRow, wanted: string): Promise<string> {
  const skeleton = storedSkeleton(wanted) ?? wanted
  const holders = await em.execute<object[]>(`select 1 from users where ${skeletonExpression} = ? and id <> ?`, [skeleton, uuidOf(id)])
  return holders.length === 0 ? wanted : otherUsername(wanted, id)
}

/**
 * Whether an account may be reclaimed: one that an operator or an import made for a person, whose address was never
 * proved or changed, and which has nothing besides: no membership, role, permission, team, resource, authenticator or
 * identity. Its address may be mistyped, and none of that goes to whoever reads a mailbox. The membership that everybody gets who
 * signs up does not count. The work is the same whoever it is about, and if there is no such user.
 */
export async function mayBeReclaimed(em: SqlEntityManager, settings: ReclaimSettings, userId: UserId): Promise<boolean> {
  const joined = settings.signUp === 'open' ? settings.defaultOrganization : null
  const [row] = await runStatement<ReclaimFacts>(em, reclaimFacts, [joined, uuidOf(builtInRoles.user.id), uuidOf(userId)])
  return row !== undefined && row.waiting === true && !row.joined && !row.assigned && !row.owning && !row.authenticating
}

type ReclaimSettings = Pick<Settings, 'signUp' | 'defaultOrganization'>

interface ReclaimFacts {
  readonly waiting: boolean | null
  readonly joined: boolean
  readonly assigned: boolean
  readonly owning: boolean
  readonly authenticating: boolean
}

const reclaimFacts = statement(
  'reclaim_facts',
  `select u.reclaimable and u.kind = 'human' and not u.email_verified and not u.need_factor as waiting,
      exists (select 1 from memberships m join organizations o on o.id = m.organization_id
        where m.user_id = asked.id and (m.role <> 'member' or o.slug is distinct from asked.joined))
        or exists (select 1 from team_members t where t.user_id = asked.id) as joined,
      exists (select 1 from role_assignments a where a.user_id = asked.id and a.revoked_at is null
        and (a.scope_kind <> 'system' or a.role_id is distinct from asked.usual)) as assigned,
      exists (select 1 from resources r where r.owner_user_id = asked.id and r.deleted_at is null) as owning,
      exists (select 1 from totp_factors f where f.user_id = asked.id and f.activated_at is not null)
        or exists (select 1 from passkeys p where p.user_id = asked.id)
        or exists (select 1 from identities i where i.user_id = asked.id) as authenticating
    from (select ?::text as joined, ?::uuid as usual, ?::uuid as id) asked left join users u on u.id = asked.id`,
)
