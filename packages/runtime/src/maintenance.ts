import { deleteExpired, deleteOldInvalidations, deleteOldKeys, createPartitions, type Clock, type Logger, type Orm } from '@denizen/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import type { JobDefinition } from './jobs.ts'

const hour = 60 * 60 * 1000

/** Milliseconds. A command that is repeated with its key after more than a day runs again. */
const idempotencyKeyRetention = 24 * hour
/** Milliseconds. Readers are at most a second behind; an hour leaves time for any transaction to end. */
const invalidationRetention = hour

/** Maintenance of the database, and when it runs (cron, UTC). Each job may run twice, also at the same time. */
export function maintenanceJobs({ orm, clock, logger }: { orm: Orm; clock: Clock; logger: Logger }): readonly JobDefinition[] {
  const job = (name: string, cron: string, work: (em: SqlEntityManager, now: Date) => Promise<Readonly<Record<string, unknown>>>) => ({
    name,
    cron,
    run: async () => logger.debug('Maintenance done.', { job: name, ...(await work(entityManager(orm), clock.now())) }),
  })
  return [
    job('database.createPartitions', '10 * * * *', async (em, now) => {
      await createPartitions(em, now)
      return {}
    }),
    job('idempotency.deleteOldKeys', '20 * * * *', async (em, now) => ({
      deleted: await deleteOldKeys(em, new Date(now.getTime() - idempotencyKeyRetention)),
    })),
    job('auth.deleteExpired', '40 * * * *', async (em, now) => ({ deleted: await deleteExpired(em, now) })),
    job('invalidation.deleteOld', '*/15 * * * *', async (em, now) => ({
      deleted: await deleteOldInvalidations(em, new Date(now.getTime() - invalidationRetention)),
    })),
  ]
}

function entityManager(orm: Orm): SqlEntityManager {
  return orm.em.fork() as SqlEntityManager
}
