import { deleteInBatches, type DeletedRows } from '../kernel/batches.ts'
import { firstUuidAt } from '../kernel/id.ts'
import type { Settings } from '../kernel/settings.ts'
import type { JobScope } from './scheduled-job.ts'

const hour = 60 * 60 * 1000
const day = 24 * hour

/** Milliseconds; null: for ever. */
type Kept = number | null | ((retention: Settings['retention']) => number | null)

/** Rows that are of no more use some time after a moment that each of them names. */
interface OldRows {
  readonly table: string
  /** With one `?`, for the moment before which they are old. */
  readonly condition: string
  /** How long they are kept after that moment. */
  readonly kept: Kept
  /** They are made before that moment, so that the ids, which are in the order of time, say which rows to look at: there are too many for all. */
  readonly byId?: true
}

/** What has expired is kept while somebody may still ask why a link did not work, or a token that was stolen may still come up. */
export const expiredRows: readonly OldRows[] = [
  { table: 'verifications', condition: 'expires_at < ?', kept: 7 * day },
  { table: 'challenges', condition: 'expires_at < ?', kept: day },
  { table: 'device_logins', condition: 'expires_at < ?', kept: day },
  // The longest delay is an hour, and so is the memory of failures.
  { table: 'throttles', condition: 'last_failure_at < ?', kept: day },
  { table: 'tokens', condition: `kind in ('access', 'refresh') and expires_at < ?`, kept: day },
  // Nobody counts in a minute that is over.
  { table: 'request_windows', condition: 'started_at < ?', kept: hour },
  { table: 'tokens', condition: `kind = 'api' and least(expires_at, revoked_at) < ?`, kept: 30 * day },
]

/** A session is over when it was ended, or has expired. */
export const endedSessions: readonly OldRows[] = [
  {
    table: 'sessions',
    condition: 'least(ended_at, expires_at) < ?',
    kept: ({ endedSessionDays }) => inDays(endedSessionDays),
    byId: true,
  },
]

export const oldLoginAttempts: readonly OldRows[] = [
  { table: 'login_attempts', condition: 'at < ?', kept: ({ loginAttemptDays }) => inDays(loginAttemptDays), byId: true },
]

/**
 * Providers send an event again for days, and by hand as long as they keep it: Svix, which sends those of Clerk, for at most 90 days. That a
 * user was deleted there is kept for ever: nothing brings them back.
 */
export const oldProviderEvents: readonly OldRows[] = [
  { table: 'provider_events', condition: `event_id not like 'deleted:%' and received_at < ?`, kept: 90 * day },
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
  context: JobScope,
  rows: readonly OldRows[],
  deleted: (table: string, count: number) => Promise<void>,
): Promise<void> {
  for (const old of conditionsOf(context, rows)) await deleteInBatches(context.em, old, (count) => deleted(old.table, count))
}

/** How many there are to delete, by table. */
export async function countOldRows(context: JobScope, rows: readonly OldRows[]): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const { table, condition, parameters } of conditionsOf(context, rows)) {
    const [row] = await context.em.execute<[{ count: number }]>(`select count(*)::int as count from ${table} where ${condition}`, [
      ...parameters,
    ])
    counts[table] = (counts[table] ?? 0) + row.count
  }
  return counts
}

/** What is kept for ever is left out. */
function conditionsOf({ now, settings }: JobScope, rows: readonly OldRows[]): readonly DeletedRows[] {
  return rows.flatMap(({ table, condition, kept, byId }) => {
    const milliseconds = typeof kept === 'function' ? kept(settings.retention) : kept
    if (milliseconds === null) return []
    const moment = new Date(now.getTime() - milliseconds)
    if (byId !== true) return [{ table, condition, parameters: [moment] }]
    return [{ table, condition: `id < ?::uuid and ${condition}`, parameters: [firstUuidAt(moment), moment] }]
  })
}

function inDays(days: number | null): number | null {
  return days === null ? null : days * day
}
