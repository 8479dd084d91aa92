import type { SqlEntityManager } from '@mikro-orm/sql'

/** The channel that wakes other processes at once. */
export const invalidationChannel = 'denizen_invalidation'

/** NOTIFY takes at most 8000 bytes; longer news is read from the table at the next heartbeat. */
const longestNotice = 7000

/** A statement that writes the keys down, if there are any; readers find them at their next heartbeat. */
export const invalidationInsert = `insert into invalidations (id, keys, created_at)
  select gen_random_uuid(), given.keys, ?::timestamptz from (select ?::text[] as keys) as given where cardinality(given.keys) > 0`

export function invalidationParameters(keys: readonly string[], now: Date): unknown[] {
  return [now, `{${keys.join(',')}}`]
}

/**
 * Wakes the readers when the transaction commits. It takes a lock of the whole
 * database at commit, so only commands that take something away call it.
 */
export async function wakeReaders(em: SqlEntityManager, keys: readonly string[]): Promise<void> {
  const notice = keys.join(',')
  await em.execute('select pg_notify(?, ?)', [invalidationChannel, notice.length > longestNotice ? '' : notice])
}

/** Forgets what every living process has read long ago. Returns how many rows. */
export async function deleteOldInvalidations(em: SqlEntityManager, before: Date): Promise<number> {
  const rows = await em.execute('delete from invalidations where created_at < ? returning 1', [before])
  return rows.length
}
