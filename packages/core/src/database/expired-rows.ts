import type { SqlEntityManager } from '@mikro-orm/sql'
import { deleteInBatches } from '../kernel/batches.ts'

const hour = 60 * 60 * 1000
const day = 24 * hour

/**
 * What is of no more use, and how long after its end it is kept: while somebody may
 * still ask why a link did not work, or a token that was stolen may still come up.
 * Sessions and the login history stay: they are history.
 */
const expired: readonly { readonly table: string; readonly condition: string; readonly kept: number }[] = [
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

/** Deletes what has expired a while ago, table by table, and says how many rows of each. May be done twice, also at once. */
export async function deleteExpired(em: SqlEntityManager, now: Date): Promise<Readonly<Record<string, number>>> {
  const deleted: Record<string, number> = {}
  for (const { table, condition, kept } of expired) {
    const before = new Date(now.getTime() - kept)
    deleted[table] = (deleted[table] ?? 0) + (await deleteInBatches(em, table, condition, [before]))
  }
  return deleted
}
