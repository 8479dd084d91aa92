import type { JobQueue, Logger } from '@denizen/core'
import { fromKysely, fromPglite, PgBoss, type ConstructorOptions, type KyselyTransactionLike } from 'pg-boss'
import { Pool } from 'pg'
import type { Database } from './database.ts'
import { quoteIdentifier } from './client-config.ts'
import { jobsSchema } from './jobs-schema.ts'
import { connectionOptions, sessionOf } from './postgres.ts'
import { ensureSchema } from './schema.ts'
import { heartbeatSeconds, QueueWorker, type JobDefinition } from './queue-worker.ts'

export type { JobDefinition } from './queue-worker.ts'

export interface JobOptions {
  readonly database: Database
  readonly definitions: readonly JobDefinition[]
  readonly logger: Logger
  /** false: only queue jobs, and leave them to a server. */
  readonly working: boolean
}

export interface Jobs extends JobQueue {
  /** Creates the queues and starts working. */
  start(): Promise<void>
  /** Takes no new jobs, waits up to `drainSeconds` for running ones, and leaves the rest to be started again. */
  stop(drainSeconds?: number): Promise<void>
}

/** Milliseconds between two times that what nobody does is thrown away. */
const discarding = 60_000

/** Seconds between two looks for jobs whose worker was killed: with the heartbeat, the time until somebody else does them. */
const supervision = { superviseIntervalSeconds: 10, monitorIntervalSeconds: 10 }

/** Tries at once, then after about 2, 4, 8, 16 and 32 s. */
const retries = { retryLimit: 5, retryDelay: 2, retryBackoff: true }
/** The same, then every half hour, for about 16 hours. */
const longRetries = { retryLimit: 40, retryDelay: 2, retryBackoff: true, retryDelayMax: 1800 }
/** pg-boss has statements that touch many rows. */
const limits = { statement: 60_000, silence: 65_000 }
/**
 * Seconds after which pg-boss gives a job to another worker although the first one is heard of. Its own 15 minutes would have a long job
 * done twice at once; a day is the most that it takes.
 */
const longestJob = 24 * 60 * 60 - 1
const nobody = '00000000-0000-0000-0000-000000000000'

/** Jobs in the database itself (https://github.com/timgit/pg-boss), so that a job is queued if and only if its command commits. */
export function bossJobs({ database, definitions, logger, working }: JobOptions): Jobs {
  const link = linkTo(database)
  const boss = new PgBoss({ ...link.options, ...supervision, supervise: working, schedule: false })
  const known = new Set(definitions.map(({ name }) => name))
  let work: Work | null = null
  let stopped: Promise<void> | null = null
  boss.on('error', (error) => logger.error('The job queue reports an error.', { error }))
  boss.on('warning', ({ message }) => logger.warn('The job queue reports a warning.', { warning: message }))

  async function stop(milliseconds: number): Promise<void> {
    await work?.stop(milliseconds)
    await boss.stop({ graceful: working, timeout: 1000, close: false })
    await link.close()
  }

  return {
    async enqueue(em, jobs) {
      const transaction = em.getTransactionContext<KyselyTransactionLike>()
      if (transaction === undefined) throw new TypeError('Jobs are queued in a transaction, and none is open.')
      const db = fromKysely(transaction)
      for (const { name, payload, priority = 0, group } of jobs) {
        if (!known.has(name)) throw new TypeError(`There is no job named ${name}; the runtime's table of jobs must list it.`)
        await boss.send(name, { ...payload }, { db, priority, ...(group !== undefined && { group: { id: group } }) })
      }
    },
    async forget(em, pattern) {
      const gone = `delete from ${link.table} where concat(data::text, ' ', output::text) ~* ? returning 1`
      return (await em.execute<unknown[]>(gone, [pattern])).length
    },
    async start() {
      await link.prepare()
      await boss.start()
      for (const definition of definitions) await openQueue(boss, definition)
      if (working) work = await startWork(boss, definitions, logger)
    },
    stop(drainSeconds = 10) {
      stopped ??= stop(drainSeconds * 1000)
      return stopped
    },
  }
}

interface Work {
  stop(milliseconds: number): Promise<void>
}

async function startWork(boss: PgBoss, definitions: readonly JobDefinition[], logger: Logger): Promise<Work> {
  const workers: QueueWorker[] = []
  const timers: NodeJS.Timeout[] = []
  for (const definition of definitions) {
    const { name, discarded = false } = definition
    if (discarded) timers.push(setInterval(() => void discard(boss, name, logger), discarding).unref())
    else workers.push(new QueueWorker(boss, definition, logger))
  }
  for (const worker of workers) worker.start()
  return {
    async stop(milliseconds) {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(workers.map((worker) => worker.stop(milliseconds)))
    },
  }
}

async function openQueue(boss: PgBoss, { name, outside = false }: JobDefinition): Promise<void> {
  const options = { ...(outside ? longRetries : retries), heartbeatSeconds, expireInSeconds: longestJob }
  await boss.createQueue(name, options)
  await boss.updateQueue(name, options) // an earlier version may have made it
  // Makes pg-boss cache the queue now. Later it would look it up on a connection of its
  // own, which on PGlite waits for the very transaction that wants to queue a job.
  await boss.findJobs(name, { id: nobody })
}

async function discard(boss: PgBoss, name: string, logger: Logger): Promise<void> {
  try {
    await boss.deleteQueuedJobs(name)
  } catch (error) {
    logger.warn('Jobs that nobody does were not thrown away.', { job: name, error })
  }
}

interface Link {
  readonly options: ConstructorOptions
  /** The jobs of all queues, as SQL. */
  readonly table: string
  /** Makes the schema, where it is not there yet. */
  prepare(): Promise<void>
  close(): Promise<void>
}

/** Connections of its own on PostgreSQL, so that background work cannot take those of actions; PGlite has only one. */
function linkTo(database: Database): Link {
  if (database.kind !== 'postgres') {
    return {
      options: { db: fromPglite(database.pglite), backend: 'pglite' },
      table: 'pgboss.job',
      prepare: async () => {},
      close: async () => {},
    }
  }
  const { place } = database
  const session = sessionOf(place, limits)
  const pool = new Pool({ max: 4, ...connectionOptions(place.direct, { purpose: 'jobs', limits, session }) })
  pool.on('error', () => {}) // an idle connection that breaks is replaced by the pool
  pool.on('connect', (client) => client.on('error', () => {})) // while it is set up, the pool does not listen: it would end the process
  const options = {
    schema: quoteIdentifier(jobsSchema(place.schema)),
    createSchema: false,
    db: { executeSql: (text: string, values?: unknown[]) => pool.query(text, values) },
  }
  const run = async (sql: string) => (await pool.query<object>(sql)).rows
  // pg-boss would need the right to create schemas even where the schema is there.
  return { options, table: `${options.schema}.job`, prepare: () => ensureSchema(run, jobsSchema(place.schema)), close: () => pool.end() }
}
