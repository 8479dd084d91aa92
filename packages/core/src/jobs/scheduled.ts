import { rotateKeys } from '../tokens/index.ts'
import {
  countOldRows,
  deleteOldRows,
  endedSessions,
  expiredRows,
  oldInvalidations,
  oldKeys,
  oldLoginAttempts,
  oldProviderEvents,
  oldRuns,
} from './old-rows.ts'
import { createPartitions } from './partitions.ts'
import { countArchived, purgeArchived } from './purge-archived.ts'
import type { ScheduledJob } from './scheduled-job.ts'

/** A job that deletes rows which are old. */
function deleting(rows: typeof expiredRows): Pick<Required<ScheduledJob>, 'count' | 'run'> {
  return {
    count: (context) => countOldRows(context, rows),
    run: ({ did, ...context }) => deleteOldRows(context, rows, (table, count) => did({ [table]: count })),
  }
}

/** What runs by itself, in the order of the names. */
export const scheduledJobs: readonly ScheduledJob[] = [
  {
    name: 'auth.deleteExpired',
    summary: 'Delete expired links, codes, tokens and counts of failures, a while after their end, and revoked tokens',
    schedule: { everyMinutes: 60, atMinute: 40 },
    ...deleting(expiredRows),
  },
  {
    name: 'database.createPartitions',
    summary: 'Create the partitions of the months to come, for audit entries and events',
    schedule: { everyMinutes: 60, atMinute: 10 },
    run: ({ em, now }) => createPartitions(em, now),
  },
  {
    name: 'idempotency.deleteOldKeys',
    summary: 'Delete answers that were kept for repeated calls, after a day',
    schedule: { everyMinutes: 60, atMinute: 20 },
    ...deleting(oldKeys),
  },
  {
    name: 'identities.deleteOldEvents',
    summary: 'Delete which events of identity providers were processed, after 90 days',
    schedule: { everyMinutes: 24 * 60, atMinute: 60 },
    ...deleting(oldProviderEvents),
  },
  {
    name: 'invalidation.deleteOld',
    summary: 'Delete what all processes have heard of, after an hour',
    schedule: { everyMinutes: 15, atMinute: 5 },
    ...deleting(oldInvalidations),
  },
  {
    name: 'jobs.deleteOldRuns',
    summary: 'Delete what is known of runs of jobs, after 90 days',
    schedule: { everyMinutes: 24 * 60, atMinute: 50 },
    ...deleting(oldRuns),
  },
  {
    name: 'loginHistory.deleteOld',
    summary: 'Delete what is known of attempts to sign in, after the days of DENIZEN_LOGIN_HISTORY_DAYS',
    schedule: { everyMinutes: 24 * 60, atMinute: 70 },
    ...deleting(oldLoginAttempts),
  },
  {
    name: 'sessions.deleteEnded',
    summary: 'Delete sessions that are over, after the days of DENIZEN_SESSION_HISTORY_DAYS',
    schedule: { everyMinutes: 24 * 60, atMinute: 80 },
    ...deleting(endedSessions),
  },
  {
    // Hourly, although a rotation is due once a month: a process that was down at the time catches up.
    name: 'tokens.rotateKeys',
    summary: 'Rotate the keys that sign tokens, once they are due',
    schedule: { everyMinutes: 60, atMinute: 25 },
    async run({ em, ports, did }) {
      const { added, dropped } = await rotateKeys(em, ports)
      if (added + dropped > 0) ports.logger.info('Rotated the keys that sign tokens.', { added, dropped })
      await did({ keysAdded: added, keysDropped: dropped })
    },
  },
  {
    name: 'users.purgeArchived',
    summary: 'Purge users who were archived long enough ago, where that is set',
    schedule: { everyMinutes: 24 * 60, atMinute: 150 },
    count: countArchived,
    run: purgeArchived,
  },
]
