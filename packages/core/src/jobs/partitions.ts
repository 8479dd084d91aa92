import type { SqlEntityManager } from '@mikro-orm/sql'
import { isolation } from '../kernel/isolation.ts'
import { exclusiveLockNames, takeLock } from '../kernel/locks.ts'

/** Tables that are partitioned by month of their column `at`. */
const partitioned = ['audit_entries', 'events'] as const

/** Months for which partitions are created ahead, in case a server is not restarted or the job fails. */
const monthsAhead = 3

/**
 * Creates the monthly partitions from this month on, in UTC. Rows of a month without a partition go to the default one; that month stays
 * there, because PostgreSQL refuses a partition whose rows the default holds. Can be called at any time and by several processes.
 */
export async function createPartitions(em: SqlEntityManager, now: Date): Promise<void> {
  for (let offset = 0; offset <= monthsAhead; offset++) {
    const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1))
    const until = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset + 1, 1))
    const suffix = from.toISOString().slice(0, 7).replace('-', '_')
    for (const table of partitioned) await createPartition(em, table, `${table}_${suffix}`, from, until)
  }
}

async function createPartition(em: SqlEntityManager, table: string, name: string, from: Date, until: Date): Promise<void> {
  const found = await em.execute(
    'select 1 from pg_class where relname = ? and relnamespace = (select oid from pg_namespace where nspname = current_schema())',
    [name],
  )
  const inDefault = async (reader: SqlEntityManager): Promise<boolean> => {
    const rows = await reader.execute(`select 1 from "${table}_default" where at >= ? and at < ? limit 1`, [from, until])
    return rows.length > 0
  }
  if (found.length > 0 || (await inDefault(em))) return
  await em.transactional(async (transaction) => {
    await takeLock(transaction, exclusiveLockNames.partitions)
    await transaction.execute(`lock table "${table}_default" in access exclusive mode`, [], 'run')
    if (await inDefault(transaction)) return
    await transaction.execute(
      `create table if not exists "${name}" partition of "${table}" for values from ('${from.toISOString()}') to ('${until.toISOString()}')`,
      [],
      'run',
    )
  }, isolation.changing)
}
