import type { SqlEntityManager } from '@mikro-orm/sql'

/** The channel that wakes other processes. */
export const invalidationChannel = 'denizen_invalidation'

/** NOTIFY takes at most 8000 bytes; longer lists are read from the table. */
const longestNotice = 7000

/** SQL that inserts the keys, if there are any; other processes read them at their next heartbeat. */
export const invalidationInsert = `insert into invalidations (id, keys, created_at)
  select gen_random_uuid(), given.keys, ?::timestamptz from (select ?::text[] as keys) as given where cardinality(given.keys) > 0`

export function invalidationParameters(keys: readonly string[], now: Date): unknown[] {
  return [now, `{${keys.join(',')}}`]
}

/**
 * Wakes other processes when the transaction commits. NOTIFY takes a database-wide lock at commit, so only commands that take something
 * away use it.
 */
export async function wakeReaders(em: SqlEntityManager, keys: readonly string[]): Promise<void> {
  const notice = keys.join(',')
  await em.execute('select pg_notify(?, ?)', [invalidationChannel, notice.length > longestNotice ? '' : notice])
}
