import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from './id.ts'
import { runStatement, statement } from './statement.ts'

/**
 * The locks that have a name: PostgreSQL's advisory locks, held until the transaction is over. Unlike the lock of a row
 * they queue fairly. New sharers of a row (`for share`) join those who hold it although somebody waits to have it alone,
 * so whoever keeps a few calls running would never be suspended; here they come after whoever waits.
 */
export const lockNames = {
  /** Shared by each command of the user, held alone by what changes the user, their sessions, tokens or factors. */
  user: (id: Id<'usr'>) => `users/${uuidOf(id)}` as const,
  /** Shared by what gives roles in the organization, held alone by what changes it, its members, or its role hierarchy. */
  organization: (id: Id<'org'>) => `organizations/${uuidOf(id)}` as const,
  /** Shared by whatever gives roles anywhere, held alone by what changes the hierarchy of the installation's own roles. */
  systemRoles: 'roles/system',
  /** Held alone by changes of very many users. */
  manyUsers: (slot: number) => `many-users/${slot}` as const,
}

type Named = (typeof lockNames)[keyof typeof lockNames]
export type LockName = Named extends infer Each ? (Each extends (...given: never[]) => infer Name ? Name : Each) : never

/** Parameter: one name. */
export const lockShared = statement('lock_shared', 'select 1 as held from pg_advisory_xact_lock_shared(hashtextextended(?, 0))')
/** Parameter: one name. */
export const lockAlone = statement('lock_alone', 'select 1 as held from pg_advisory_xact_lock(hashtextextended(?, 0))')
/** Parameter: an array of names (`arrayOf`), taken in the order of their spelling. */
export const lockEachAlone = statement(
  'lock_each_alone',
  `select count(*)::int as held from (
      select pg_advisory_xact_lock(hashtextextended(name, 0)) from (select name from unnest(?::text[]) as name order by name collate "C" offset 0) sorted) taken`,
)

/** Names as PostgreSQL reads an array: there is nothing in them that would have to be quoted. */
export function arrayOf(names: readonly LockName[]): string {
  return `{${names.join(',')}}`
}

/** Waits for its turn, then holds the lock together with others who share it. */
export async function shareLock(em: SqlEntityManager, name: LockName): Promise<void> {
  await runStatement(em, lockShared, [name])
}

/** Waits for its turn, then holds each lock alone. Several are taken in one order, so that two callers never wait for each other. */
export async function takeLocks(em: SqlEntityManager, names: readonly LockName[]): Promise<void> {
  const [name, ...more] = names
  if (name === undefined) return
  await (more.length === 0 ? runStatement(em, lockAlone, [name]) : runStatement(em, lockEachAlone, [arrayOf(names)]))
}
