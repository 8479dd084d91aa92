import type { SqlEntityManager } from '@mikro-orm/sql'
import { deleteInBatches } from '../kernel/batches.ts'

const hour = 60 * 60 * 1000
const day = 24 * hour

/** Rows that are of no more use some time after a moment that each of them names. */
interface OldRows {
  readonly table: string
  /** With one `?`, for the moment before which they are old. */
  readonly condition: string
  /** Milliseconds that they are kept after that moment. */
  readonly kept: number
}

/**
 * What has expired is kept while somebody may still ask why a link did not work, or a token that was stolen may still come up.
 * Sessions and the login history stay: they are history.
 */
export const expiredRows: readonly OldRows[] = [
  { table: 'verifications', condition: 'expires_at < ?', kept: 7 * day },
  { table: 'challenges', condition: 'expires_at < ?', kept: day },
  { table: 'device_logins', condition: 'expires_at < ?', kept: day },
  // The longest delay is an hour, and so is the memory of failures.
  { table: 'throttles', condition: 'last_failure_at < ?', kept: day },
  { table: 'tokens', condition: `kind in ('access', 'refresh') and expires_at < ?`, kept: day },
  // Nobody counts in a minute that is over.
  { table: 'request_windows', condition: 'started_at < ?', kept: hour },
  { table: 'tokens', condition: `kind = 'api' and expires_at < ?`, kept: 30 * day },
]

/** A command that is repeated with its key after more than a day runs again. */
export const oldKeys: readonly OldRows[] = [{ table: 'idempotency_keys', condition: 'created_at < ?', kept: day }]

/** Readers are at most a second behind; an hour leaves time for any transaction to end. */
export const oldInvalidations: readonly OldRows[] = [{ table: 'invalidations', condition: 'created_at < ?', kept: hour }]

export const oldRuns: readonly OldRows[] = [{ table: 'job_runs', condition: 'ended_at < ?', kept: 90 * day }]

/**
 * Deletes them, batch by batch. May be done twice, also at once.
 * @param deleted Called after each batch, with how many rows of a table are gone by it; what it throws ends the work.
 */
export async function deleteOldRows(
  em: SqlEntityManager,
  rows: readonly OldRows[],
  now: Date,
  deleted: (table: string, count: number) => Promise<void>,
): Promise<void> {
  for (const { table, condition, kept } of rows)
    await deleteInBatches(em, { table, condition, parameters: [momentBefore(now, kept)] }, (count) => deleted(table, count))
}

/** How many there are to delete, by table. */
export async function countOldRows(em: SqlEntityManager, rows: readonly OldRows[], now: Date): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const { table, condition, kept } of rows) {
    const [row] = await em.execute<[{ count: number }]>(`select count(*)::int as count from ${table} where ${condition}`, [
      momentBefore(now, kept),
    ])
    counts[table] = (counts[table] ?? 0) + row.count
  }
  return counts
}

function momentBefore(now: Date, milliseconds: number): Date {
  return new Date(now.getTime() - milliseconds)
}
