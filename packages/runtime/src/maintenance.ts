import { deleteExpired, deleteOldInvalidations, deleteOldKeys, ensurePartitions, type Clock, type Logger, type Orm } from '@denizen/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import type { JobDefinition } from './jobs.ts'

const hour = 60 * 60 * 1000

/** How long an idempotency key is remembered: a client that retries after longer than a day starts anew. */
const keysAreKept = 24 * hour
/** Readers are never further behind than a second; an hour leaves room for any transaction to end. */
const invalidationsAreKept = hour

/** What keeps the database in shape, and when (cron, UTC). Each may be done twice, also at once. */
export function maintenanceJobs({ orm, clock, logger }: { orm: Orm; clock: Clock; logger: Logger }): readonly JobDefinition[] {
  const job = (name: string, cron: string, work: (em: SqlEntityManager, now: Date) => Promise<Readonly<Record<string, unknown>>>) => ({
    name,
    cron,
    run: async () => logger.debug('Maintenance done.', { job: name, ...(await work(entityManager(orm), clock.now())) }),
  })
  return [
    job('database.createPartitions', '10 * * * *', async (em, now) => {
      await ensurePartitions(em, now)
      return {}
    }),
    job('idempotency.deleteOldKeys', '20 * * * *', async (em, now) => ({
      deleted: await deleteOldKeys(em, new Date(now.getTime() - keysAreKept)),
    })),
    job('auth.deleteExpired', '40 * * * *', async (em, now) => ({ deleted: await deleteExpired(em, now) })),
    job('invalidation.deleteOld', '*/15 * * * *', async (em, now) => ({
      deleted: await deleteOldInvalidations(em, new Date(now.getTime() - invalidationsAreKept)),
    })),
  ]
}

function entityManager(orm: Orm): SqlEntityManager {
  return orm.em.fork() as SqlEntityManager
}
