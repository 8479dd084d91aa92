import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from './id.ts'
import { idArray, runStatement, statement } from './statement.ts'

const usersPrefix = 'users/'

/**
 * Named locks: PostgreSQL's advisory locks, held until the transaction ends. They are taken before the lock of a row, to
 * queue for it: a new `for share` joins those that hold the row while an exclusive lock waits, so a user with a few calls
 * always running could never be suspended. Here new sharers queue behind the waiting exclusive lock.
 */
export const lockNames = {
  /** Shared by every command of the user; exclusive for changes of the user, their sessions or factors. */
  user: (id: Id<'usr'>) => `${usersPrefix}${uuidOf(id)}` as const,
  /** Shared by role assignments in the organization; exclusive for changes of it, its members or its role hierarchy. */
  organization: (id: Id<'org'>) => `organizations/${uuidOf(id)}` as const,
  /** Shared by role assignments anywhere; exclusive for changes of the hierarchy of the installation's own roles. */
  systemRoles: 'roles/system',
}

/** Named locks that stand for no row: whoever holds one does alone what the lock is for. */
export const exclusiveLockNames = {
  /** For giving an account the address: two accounts have none in common. */
  address: (address: string) => `addresses/${address}` as const,
  /** For the attempts that are counted under a key (throttling/keys.ts): the second sees what the first has counted. */
  attempts: (key: string) => `attempts/${key}` as const,
  /** For naming other users: of each caller one command does so at a time, however many they keep running. */
  namingOthers: (caller: Id<'usr'>, named: Id<'usr'>) => `naming/${uuidOf(caller)}/${uuidOf(named)}` as const,
  /** For registering resources of an owner, within the limits of the owner's policy. */
  resourcesOf: (owner: Id<'usr'> | Id<'org'>) => `resources/${owner}` as const,
  /** For beginning an impersonation; shared by whatever may take from an impersonator what one stands on. */
  impersonations: 'impersonations',
  /** For making another policy the default: the second change sees the first. */
  defaultPolicy: 'policies/default',
  /** For creating a partition: `if not exists` does not help two processes that do so at once, one fails on the catalogue. */
  partitions: 'partitions',
} as const

type NameIn<Names> = Names[keyof Names] extends infer Each ? (Each extends (...given: never[]) => infer Name ? Name : Each) : never
export type LockName = NameIn<typeof lockNames>
export type ExclusiveLockName = NameIn<typeof exclusiveLockNames>

/**
 * PostgreSQL holds some thousands of named locks in all (`max_locks_per_transaction` times `max_connections`), and any
 * number of locks of rows: whoever changes more than this locks only the rows.
 */
export const mostNamedLocks = 64

/** Parameter: a name. */
export const lockShared = statement('lock_shared', 'select 1 as held from pg_advisory_xact_lock_shared(hashtextextended(?, 0))')
const exclusive = (name: string, sorted: string) =>
  statement(
    name,
    `select count(*)::int as held from (select pg_advisory_xact_lock(hashtextextended(name, 0)) from (${sorted}) sorted) taken`,
  )
const lockExclusive = exclusive('lock_exclusive', 'select name from unnest(?::text[]) as name order by name collate "C" offset 0')
/** Parameter: ids of users (`uuidsOf`). Nobody waits for the id of a user who does not exist. */
export const lockUsersExclusive = exclusive(
  'lock_users_exclusive',
  `select '${usersPrefix}' || id::text as name from users where id = any(${idArray}) order by id offset 0`,
)

/**
 * Bounds every wait for a lock, until the transaction ends; whatever waits longer fails with 55P03. Parameter: milliseconds, as text.
 */
export const boundWaits = statement('bound_waits', `select set_config('lock_timeout', ?::text, true) as bound`)

/**
 * SQL conditions of a statement that locks one row: it queues for the named lock, its parameter, before it locks the row, and not at all where there
 * is no row.
 */
export const queuedFor = {
  sharing: 'pg_advisory_xact_lock_shared(hashtextextended(?, 0)) is not null',
  changing: 'pg_advisory_xact_lock(hashtextextended(?, 0)) is not null',
} as const

/** Parameter: a name. */
export const lockOne = statement('lock_one', 'select 1 as held from pg_advisory_xact_lock(hashtextextended(?, 0))')

/** Waits until nobody else holds the lock, and takes it until the transaction ends. What is to be seen under it is read afterwards. */
export async function takeLock(em: SqlEntityManager, name: ExclusiveLockName): Promise<void> {
  await runStatement(em, lockOne, [name])
}

/** Takes a shared lock. */
export async function shareLock(em: SqlEntityManager, name: LockName): Promise<void> {
  await runStatement(em, lockShared, [name])
}

/** Takes exclusive locks, always in the same order, so that callers never deadlock; none, if they are more than there is room for. */
export async function takeLocks(em: SqlEntityManager, names: readonly LockName[]): Promise<void> {
  if (names.length > mostNamedLocks) return
  await runStatement(em, lockExclusive, [`{${names.join(',')}}`]) // there is nothing in a name that would have to be quoted
}

/** Who asks others to give way: for one change, or for a batch, to which other such batches do not give way. */
export type Asking = 'one' | 'batch'

/**
 * First keys of locks by which whoever waits asks others to give way (pipeline/precedence.ts). They are of two numbers, because others read
 * the second in `pg_locks`: the process id of the backend that waits, or a hash of the user. Whatever an administrator of the installation waits for gives
 * way, at any remove. Others have only the work of the user give way whom they take something from: all of it where it is about the account,
 * and what it does in one organization where they take something there, because its administrators stop nobody's work elsewhere.
 */
const firstKeys = {
  one: { byAdministrator: 1_380_011_091, overUser: 1_380_011_092 },
  batch: { byAdministrator: 1_380_011_093, overUser: 1_380_011_094 },
} as const satisfies Record<Asking, unknown>

/** Asks whatever the backend with this process id waits for to give way, until the transaction ends. */
export async function askAllToGiveWay(em: SqlEntityManager, pid: number, asking: Asking): Promise<void> {
  await em.execute(`select 1 as held from pg_advisory_xact_lock_shared(${firstKeys[asking].byAdministrator}, ?::int)`, [pid])
}

/** Which of a user's work gives way: all of it, or what they do in one organization. */
type WorkScope = 'everywhere' | Id<'org'>

function workOf(user: Id<'usr'>, scope: WorkScope): string {
  return scope === 'everywhere' ? uuidOf(user) : `${uuidOf(user)}/${uuidOf(scope)}`
}

interface OverUsers {
  readonly scope: WorkScope
  readonly asking: Asking
}

/** Asks what these users have under way there to give way, until the transaction ends. */
export async function askToGiveWay(em: SqlEntityManager, users: readonly Id<'usr'>[], { scope, asking }: OverUsers): Promise<void> {
  await em.execute(
    `select count(pg_advisory_xact_lock_shared(${firstKeys[asking].overUser}, hashtext(name)))::int as held from unnest(?::text[]) name`,
    [`{${users.map((user) => workOf(user, scope)).join(',')}}`],
  )
}

// pg_locks has the locks of all databases of the server: another one may be a copy of this, with the same users.
const blocksPrecedence = statement(
  'blocks_precedence',
  `with recursive asked as (
      select l.classid, l.objid from pg_locks l join pg_database d on d.oid = l.database
        where d.datname = current_database() and l.locktype = 'advisory' and l.objsubid = 2 and l.granted),
    heard (by_administrator, over_user) as (
      values (${firstKeys.one.byAdministrator}::oid, ${firstKeys.one.overUser}::oid)
      union all select ${firstKeys.batch.byAdministrator}::oid, ${firstKeys.batch.overUser}::oid where not ?::boolean),
    blocking (pid) as (
      select unnest(pg_blocking_pids(a.objid::bigint::int)) from asked a join heard h on h.by_administrator = a.classid
      union select unnest(pg_blocking_pids(b.pid)) from blocking b)
    select exists (select 1 from blocking where pid = pg_backend_pid()) or exists (
      select 1 from asked a join heard h on h.over_user = a.classid join unnest(?::text[]) name on a.objid = hashtext(name)::oid) as blocks`,
)

/** What may be asked to give way. */
interface Blocking {
  /** The organization that it is in, if that may stop it. */
  readonly organizationId: Id<'org'> | null
  /** It takes power itself: it does not give way to batches. */
  readonly isAsking: boolean
}

/** Whether somebody asks this transaction, of a call of these users, to give way. */
export async function isAskedToGiveWay(
  em: SqlEntityManager,
  users: readonly Id<'usr'>[],
  { organizationId, isAsking }: Blocking,
): Promise<boolean> {
  const scopes: readonly WorkScope[] = organizationId === null ? ['everywhere'] : ['everywhere', organizationId]
  const names = users.flatMap((user) => scopes.map((scope) => workOf(user, scope)))
  const [row] = await runStatement<{ blocks: boolean }>(em, blocksPrecedence, [isAsking, `{${names.join(',')}}`])
  return row?.blocks === true
}
