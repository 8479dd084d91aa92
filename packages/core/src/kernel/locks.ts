import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from './id.ts'
import { runStatement, statement } from './statement.ts'

/**
 * Named locks: PostgreSQL's advisory locks, held until the transaction ends. They queue fairly, which row locks do not: a
 * new `for share` joins those that hold the row while an exclusive lock waits, so a user with a few calls always running
 * could never be suspended. Here new sharers queue behind the waiting exclusive lock.
 */
export const lockNames = {
  /** Shared by every command of the user; exclusive for changes of the user, their sessions, tokens or factors. */
  user: (id: Id<'usr'>) => `users/${uuidOf(id)}` as const,
  /** Shared by role assignments in the organization; exclusive for changes of it, its members or its role hierarchy. */
  organization: (id: Id<'org'>) => `organizations/${uuidOf(id)}` as const,
  /** Shared by role assignments anywhere; exclusive for changes of the hierarchy of the installation's own roles. */
  systemRoles: 'roles/system',
  /** Exclusive for commands that change very many users. */
  manyUsers: (slot: number) => `many-users/${slot}` as const,
}

type Named = (typeof lockNames)[keyof typeof lockNames]
export type LockName = Named extends infer Each ? (Each extends (...given: never[]) => infer Name ? Name : Each) : never

/** Parameter: one name. */
export const lockShared = statement('lock_shared', 'select 1 as held from pg_advisory_xact_lock_shared(hashtextextended(?, 0))')
/** Parameter: one name. */
export const lockExclusive = statement('lock_exclusive', 'select 1 as held from pg_advisory_xact_lock(hashtextextended(?, 0))')
/** Parameter: an array of names (`arrayOf`), locked in alphabetical order. */
export const lockEachExclusive = statement(
  'lock_each_exclusive',
  `select count(*)::int as held from (
      select pg_advisory_xact_lock(hashtextextended(name, 0)) from (select name from unnest(?::text[]) as name order by name collate "C" offset 0) sorted) taken`,
)

/** Names as a PostgreSQL array literal; none needs quoting. */
export function arrayOf(names: readonly LockName[]): string {
  return `{${names.join(',')}}`
}

/** Takes a shared lock. */
export async function shareLock(em: SqlEntityManager, name: LockName): Promise<void> {
  await runStatement(em, lockShared, [name])
}

/** Takes exclusive locks, always in the same order, so that callers never deadlock. */
export async function takeLocks(em: SqlEntityManager, names: readonly LockName[]): Promise<void> {
  const [name, ...more] = names
  if (name === undefined) return
  await (more.length === 0 ? runStatement(em, lockExclusive, [name]) : runStatement(em, lockEachExclusive, [arrayOf(names)]))
}
