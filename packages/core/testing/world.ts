import { createCore, type Core, type Monitor, type Orm, type Ports, type Settings } from '@denizen/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { within } from '../../../tests/deadlines.ts'
import { countRows } from './count-rows.ts'
import { createEmbedded, createPostgres, type DatabaseKind, type TestDatabase } from './databases.ts'
import { queuedJobs, type TestMailer } from './mail.ts'
import { UnnamedErrors } from './named-errors.ts'
import { overhearing } from './overheard.ts'
import { People } from './people.ts'
import { testPorts, type TestClock, type TestLogger, type TestPorts } from './ports.ts'
import type { TestResolver } from './resolver.ts'

export interface WorldOptions {
  /** Default: PostgreSQL. */
  readonly database?: DatabaseKind
  /** The most connections that core's pool opens, up to 28: two files run at once, some with two worlds, and a PostgreSQL as installed takes 100. Default: 8. */
  readonly connections?: number
  /** true: core bounds how many of them one caller has. By default it does not: most races are of one caller. */
  readonly sharesConnections?: true
  /** true: no tables yet. */
  readonly empty?: boolean
  /** An ICU locale of the database, on PostgreSQL. */
  readonly locale?: string
  /** Parameters of the database, as an operator could have set them with `alter database`; only on PostgreSQL. */
  readonly defaults?: Readonly<Record<string, string>>
  readonly ports?: Partial<Omit<Ports, 'clock' | 'logger' | 'mailer' | 'resolver' | 'web'>>
  readonly settings?: Partial<Settings>
  readonly monitors?: readonly Monitor[]
}

/** Denizen on a database of its own, and what a test does with it. */
export interface World extends People {
  readonly core: Core
  readonly orm: Orm
  readonly ports: TestPorts
  readonly clock: TestClock
  readonly logger: TestLogger
  readonly mailer: TestMailer
  readonly resolver: TestResolver
  /** Does the jobs that are queued, as a worker would. */
  work(): Promise<void>
  /** Has a job done that runs by itself, and says what it did. */
  runJob(name: string): Promise<Readonly<Record<string, number>>>
  /** An entity manager outside core, to look and to set up. */
  em(): SqlEntityManager
  /** Rows of a statement, outside core. */
  rows<Row extends object>(statement: string, parameters?: readonly unknown[]): Promise<Row[]>
  /** How many rows every table has. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** A connection of one's own to the same database; only on PostgreSQL. It is closed with the world. */
  connect(): Promise<Client>
  /** Another Denizen on the same database and ports, for settings or monitors of a test's own. */
  another(options: Pick<WorldOptions, 'ports' | 'settings' | 'monitors'>): Core
  /** Fails when an action answered an error that its signature does not name; `close` does so too. */
  checkErrors(): void
  close(options?: { keep: boolean }): Promise<void>
}

/** Makes a world. Prefer `useWorld`, which also closes it. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const database = await openDatabase(options)
  const ports = { ...(await testPorts()), ...options.ports }
  const { orm } = database
  const unnamed = new UnnamedErrors()
  const another = ({ ports: changed, settings, monitors }: Pick<WorldOptions, 'ports' | 'settings' | 'monitors'>): Core =>
    createCore({
      orm,
      ports: { ...ports, ...changed },
      ...(settings && { settings }),
      ...(options.sharesConnections && { connections: options.connections ?? mostByDefault }),
      monitors: [overhearing, unnamed, ...(monitors ?? [])],
    })
  const core = another(options)
  if (options.empty !== true) await core.start()
  const clients: Client[] = []
  const rows = <Row extends object>(statement: string, parameters: readonly unknown[] = []) =>
    orm.em.fork().execute<Row[]>(statement, [...parameters])
  const people = new People(core, orm, ports)
  const work = async () => {
    for (const { name, payload } of await queuedJobs(orm.em.fork() as SqlEntityManager, { take: true })) await core.work(name, payload)
  }
  return Object.assign(people, {
    core,
    orm,
    ports,
    clock: ports.clock,
    logger: ports.logger,
    mailer: ports.mailer,
    resolver: ports.resolver,
    work,
    async runJob(job: string) {
      const { jobs } = people.asSystem()
      const { run } = await jobs.run({ job })
      await work()
      const done = (await jobs.history({ job, state: 'succeeded' })).items.find(({ id }) => id === run.id)
      if (done === undefined) throw new Error(`${job} did not succeed.`)
      return done.did
    },
    em: () => orm.em.fork(),
    rows,
    counts: () => countRows(rows),
    connect: () => connect(database, clients),
    another,
    checkErrors: () => unnamed.check(),
    async close({ keep } = { keep: false }) {
      await within(60_000, 'the core of a world stops', core.stop())
      await within(60_000, 'the other connections of a world end', Promise.all(clients.map((client) => client.end())))
      await database.close({ keep })
      unnamed.check()
    },
  })
}

/**
 * One world for a file of tests. Its database is dropped when all of them pass,
 * and kept, with its name printed, when one fails.
 */
export function useWorld(options: WorldOptions = {}): () => World {
  let world: World | undefined
  let failed = false
  beforeAll(async () => {
    world = await createWorld(options)
  })
  afterEach(({ task }) => {
    failed ||= task.result?.state === 'fail'
    world?.checkErrors()
  })
  afterAll(async () => {
    await world?.close({ keep: failed })
    world = undefined
  })
  return () => {
    if (world === undefined) throw new Error('the world is there from beforeAll to afterAll')
    return world
  }
}

const mostConnections = 28
const mostByDefault = 8

async function openDatabase({
  database = 'postgres',
  connections = mostByDefault,
  empty = false,
  defaults = {},
  locale,
}: WorldOptions): Promise<TestDatabase> {
  if (connections > mostConnections) throw new RangeError(`A world takes at most ${mostConnections} connections, not ${connections}.`)
  return database === 'postgres' ? createPostgres({ connections, empty, defaults, locale }) : createEmbedded()
}

async function connect({ url }: TestDatabase, clients: Client[]): Promise<Client> {
  if (url === null) throw new Error('PGlite has one connection only: use a world on PostgreSQL')
  const client = new Client({ connectionString: url })
  await client.connect()
  clients.push(client)
  return client
}
