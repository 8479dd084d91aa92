import {
  createCore,
  deliveryJob,
  fetchingWeb,
  jobHandlers,
  soleProcessFeed,
  systemClock,
  webCryptoRandom,
  type Core,
  type Job,
  type Logger,
  type Monitor,
  type Ports,
  type Subscriber,
} from '@denizen/core'
import { threadedHasher, type ThreadedHasher } from './argon2.ts'
import { nodeCipher } from './cipher.ts'
import type { Config } from './config.ts'
import { openDatabase, type Database } from './database.ts'
import { nodeDigest } from './digest.ts'
import type { FreeSpace } from './disk-room.ts'
import { postgresFeed } from './invalidation.ts'
import { bossJobs, type JobDefinition, type Jobs } from './jobs.ts'
import { withoutRepeats } from './log-repeats.ts'
import { pinoLogger } from './logger.ts'
import { mailerOf } from './mailer.ts'
import { loadMasterKey } from './master-key.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { fewLetters, knowsLetters } from './locale.ts'
import { checkRequirements, startError } from './requirements.ts'
import { dnsResolver } from './resolver.ts'
import { Scheduler } from './scheduler.ts'

export interface RuntimeOptions {
  /** false: queue jobs and leave them to a server, for short-lived programs. Default: true. */
  readonly working?: boolean
  /** Monitors besides the metrics. */
  readonly monitors?: readonly Monitor[]
  /** Code of the application that receives events after they are committed. */
  readonly subscribers?: readonly Subscriber[]
  /** Default: JSON lines on standard error. */
  readonly logger?: Logger
  /** Bytes that are free in the folder of the embedded database. Default: what its file system says. */
  readonly freeSpace?: FreeSpace
}

/** Denizen with its real ports. */
export interface Runtime {
  readonly config: Config
  readonly core: Core
  readonly database: Database
  readonly logger: Logger
  readonly metrics: Metrics
  /** Migrates the database if necessary, then starts jobs and core. */
  start(): Promise<void>
  /** Publishes the URL that this process serves to others that try to open the embedded database. */
  announce(url: string): void
  /** Stops everything in order, each part within its time limit; never rejects. Call it after a failed start too. */
  stop(): Promise<void>
}

/**
 * Opens the database and assembles core with its real ports; nothing runs before `start`.
 * Throws `database.locked`, `database.noRoom`, `database.tooOld`, `request.databaseUnavailable`,
 * `config.masterKeyMissing`, `config.masterKeyInvalid`; `start` also
 * `database.newer` and `database.migrating`.
 */
export async function createRuntime(config: Config, options: RuntimeOptions = {}): Promise<Runtime> {
  const logger = withoutRepeats(options.logger ?? pinoLogger(config.logLevel))
  const masterKey = await loadMasterKey(config)
  const database = await openDatabase(config, logger, options.freeSpace)
  return assemble(config, options, logger, nodeCipher(masterKey), database)
}

function assemble(config: Config, options: RuntimeOptions, logger: Logger, cipher: Ports['cipher'], database: Database): Runtime {
  const hasher = threadedHasher(config.hashing)
  const feed = database.kind === 'postgres' ? postgresFeed({ place: database.place, clock: systemClock, logger }) : null
  const definitions: readonly JobDefinition[] = [
    { name: deliveryJob, run: (payload) => core.deliver(payload) },
    ...jobHandlers.map(({ run: _run, ...handler }) => ({ ...handler, run: (payload: Job['payload']) => core.work(handler.name, payload) })),
  ]
  const jobs = bossJobs({ database, definitions, logger, working: options.working ?? true })
  const metrics = createMetrics({ caches: () => core.cacheState(), hashing: hasher.load, ...(feed && { invalidation: feed.state }) })
  const core = createCore({
    orm: database.orm,
    // The embedded database has one connection, and its own queue.
    ...(database.kind === 'postgres' && { connections: config.poolSize }),
    ports: {
      clock: systemClock,
      random: webCryptoRandom,
      digest: nodeDigest(),
      hasher,
      cipher,
      jobs,
      invalidation: feed ?? soleProcessFeed,
      logger,
      mailer: mailerOf(config.mail, logger),
      resolver: dnsResolver(),
      web: fetchingWeb(),
    },
    settings: {
      name: config.name,
      defaultOrganization: config.defaultOrganization,
      maxOwnedOrganizations: config.maxOwnedOrganizations,
      purgeArchivedDays: config.purgeArchivedDays,
      publicUrl: config.publicUrl,
      retention: config.retention,
      ...config.signIn,
    },
    monitors: [metrics.monitor, ...(options.monitors ?? [])],
    subscribers: options.subscribers ?? [],
  })
  const scheduler = (options.working ?? true) ? new Scheduler(core, logger) : null
  return running({ config, core, database, logger, metrics }, { jobs, hasher, scheduler })
}

type Assembled = Pick<Runtime, 'config' | 'core' | 'database' | 'logger' | 'metrics'>

function running(parts: Assembled, working: Pick<Parts, 'jobs' | 'hasher' | 'scheduler'>): Runtime {
  const { core, database, logger } = parts
  let stopping: Promise<void> | null = null
  return {
    ...parts,
    start: () => startAll(parts, working).catch((error: unknown) => Promise.reject(startError(error))),
    announce: (url) => (database.kind === 'embedded' ? database.lock.announce(url) : undefined),
    stop: () => (stopping ??= stopAll(logger, { core, ...working, database })),
  }
}

async function startAll({ core, database, logger }: Assembled, { jobs, scheduler }: Pick<Parts, 'jobs' | 'scheduler'>): Promise<void> {
  const applied = await database.migrations.up()
  if (applied.length > 0) logger.info('Migrated the database.', { migrations: applied })
  if (database.kind === 'postgres') {
    await checkRequirements(database.orm, database.place.schema, { migrating: false })
    if (!(await knowsLetters(database.orm))) logger.warn(fewLetters.join('. '))
  }
  await jobs.start()
  await core.start()
  await scheduler?.start()
}

interface Parts {
  readonly core: Core
  readonly jobs: Jobs
  readonly hasher: ThreadedHasher
  /** null: this process leaves jobs to others. */
  readonly scheduler: Scheduler | null
  readonly database: Database
}

/** Milliseconds for each part, besides the time that running jobs have to finish. */
const stopTimeout = 5_000
const drainSeconds = 10
/** For all parts together: after the 10 seconds of the server it is less than the 30 after which most supervisors kill. */
const stopWithin = 15_000
const leastStop = 500

async function stopAll(logger: Logger, { core, jobs, hasher, scheduler, database }: Parts): Promise<void> {
  const steps: readonly (readonly [part: string, stop: () => Promise<void>, ms: number])[] = [
    ['hashing', () => hasher.close(), stopTimeout],
    ['scheduler', () => scheduler?.stop() ?? Promise.resolve(), stopTimeout],
    ['jobs', () => jobs.stop(drainSeconds), drainSeconds * 1000 + stopTimeout],
    ['core', () => core.stop(), stopTimeout],
    ['database', () => database.close(), stopTimeout],
  ]
  const end = performance.now() + stopWithin
  for (const [part, stop, ms] of steps) {
    try {
      await within(Math.max(Math.min(ms, end - performance.now()), leastStop), stop())
    } catch (error) {
      logger.error('A part did not stop properly.', { part, error })
    }
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
