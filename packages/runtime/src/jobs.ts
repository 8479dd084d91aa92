import type { JobQueue, Logger } from '@denizen/core'
import { fromKysely, fromPglite, PgBoss, type ConstructorOptions, type KyselyTransactionLike } from 'pg-boss'
import { Pool } from 'pg'
import type { Database } from './database.ts'
import { connectionOptions } from './postgres.ts'

/** A kind of work for later. */
export interface JobDefinition {
  /** `<feature>.<verb>`, as in `Job.name`. */
  readonly name: string
  /** When it starts by itself: five fields of cron, in UTC. */
  readonly cron?: string
  /** true: it needs somebody outside who may be away for long, and is tried again for most of a day. */
  readonly outside?: boolean
  /** Does it. Called again, with growing pauses, when it throws; so it must bear being done twice. */
  run(payload: Readonly<Record<string, unknown>>): Promise<void>
}

export interface JobOptions {
  readonly database: Database
  readonly definitions: readonly JobDefinition[]
  readonly logger: Logger
  /** false: only queue, and leave the work to a server. */
  readonly working: boolean
}

export interface Jobs extends JobQueue {
  /** Makes the queues and starts working. */
  start(): Promise<void>
  /** Takes no new work, waits up to `drainSeconds` for what runs, and lets the rest be started again. */
  stop(drainSeconds?: number): Promise<void>
}

/** Tried at once, then after about 2, 4, 8, 16 and 32 s. */
const retries = { retryLimit: 5, retryDelay: 2, retryBackoff: true }
/** The same, and then every half hour, for about 16 hours. */
const longRetries = { retryLimit: 40, retryDelay: 2, retryBackoff: true, retryDelayMax: 1800 }
/** Its statements touch many rows at a time. */
const limits = { statement: 60_000, silence: 65_000 }
const nobody = '00000000-0000-0000-0000-000000000000'

/** Jobs in the database itself (https://github.com/timgit/pg-boss), so that a job is queued exactly when its command commits. */
export function bossJobs({ database, definitions, logger, working }: JobOptions): Jobs {
  const link = linkTo(database)
  const boss = new PgBoss({ ...link.options, supervise: working, schedule: working })
  const known = new Set(definitions.map(({ name }) => name))
  let stopped: Promise<void> | null = null
  boss.on('error', (error) => logger.error('The job queue reports an error.', { error }))
  boss.on('warning', ({ message }) => logger.warn('The job queue reports a warning.', { warning: message }))

  return {
    async enqueue(em, jobs) {
      const transaction = em.getTransactionContext<KyselyTransactionLike>()
      if (transaction === undefined) throw new TypeError('Jobs are queued in a transaction; none is open.')
      const db = fromKysely(transaction)
      for (const { name, payload } of jobs) {
        if (!known.has(name)) throw new TypeError(`There is no job named ${name}; the runtime's table of jobs must list it.`)
        await boss.send(name, { ...payload }, { db })
      }
    },
    async start() {
      await boss.start()
      for (const { name, outside = false } of definitions) {
        await boss.createQueue(name, outside ? longRetries : retries)
        // Makes pg-boss remember the queue now: later it would ask on a connection of its
        // own, and on PGlite that waits for the very transaction that wants to queue.
        await boss.findJobs(name, { id: nobody })
      }
      if (working) await startWork(boss, definitions, logger)
    },
    stop(drainSeconds = 10) {
      stopped ??= boss.stop({ graceful: working, timeout: drainSeconds * 1000, close: false }).then(link.close)
      return stopped
    },
  }
}

async function startWork(boss: PgBoss, definitions: readonly JobDefinition[], logger: Logger): Promise<void> {
  for (const { name, cron, run } of definitions) {
    const pollingIntervalSeconds = cron === undefined ? 0.5 : 10
    await boss.work<Record<string, unknown> | null>(name, { pollingIntervalSeconds }, async ([job]) => {
      if (job === undefined) return
      try {
        await run(job.data ?? {})
      } catch (error) {
        logger.warn('A job failed and will be tried again.', { job: name, jobId: job.id, error })
        throw error
      }
    })
    if (cron !== undefined) await boss.schedule(name, cron, null, { tz: 'UTC' })
  }
}

interface Link {
  readonly options: ConstructorOptions
  close(): Promise<void>
}

/** Connections of its own on PostgreSQL, so that background work cannot take those of actions; on PGlite there is only the one. */
function linkTo(database: Database): Link {
  if (database.kind !== 'postgres') {
    return { options: { db: fromPglite(database.pglite), backend: 'pglite' }, close: async () => {} }
  }
  const pool = new Pool({ connectionString: database.url, max: 2, ...connectionOptions('denizen jobs', limits) })
  pool.on('error', () => {}) // an idle connection that breaks is replaced by the pool
  return { options: { db: { executeSql: (text, values) => pool.query(text, values) } }, close: () => pool.end() }
}
