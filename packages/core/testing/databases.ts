import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { applySettings, enablePreparedWrites, ormOptions, preparedStatements, sessionSettings, type Orm } from '@denizen/core'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { MikroORM as PgliteORM, PgliteConnection } from '@mikro-orm/pglite'
import { MikroORM as PostgresORM } from '@mikro-orm/postgresql'
import { createPostgreSqlTypeParsers } from '@mikro-orm/sql'
import { Client, escapeLiteral, type ClientBase, type Pool, type PoolClient } from 'pg'
import { parse as parseArray } from 'postgres-array'
import { within } from '../../../tests/deadlines.ts'
import { copyName, keepCopy, releaseCopy, takeCopy } from './copies.ts'
import { jobTable } from './mail.ts'

/** How the global setup tells the test processes what it made: they inherit its environment. */
export const variables = {
  /** URL of a server on which databases may be created. */
  server: 'DENIZEN_TEST_DATABASE_URL',
  /** Name of the migrated database that every other is a copy of. */
  template: 'DENIZEN_TEST_TEMPLATE',
  /** Folder of the copies of it that are ready to be taken (copies.ts). */
  copies: 'DENIZEN_TEST_COPIES',
  /** File with a migrated PGlite cluster. */
  snapshot: 'DENIZEN_TEST_SNAPSHOT',
  /** `embedded`: core's tests run on that only. */
  kind: 'DENIZEN_TEST_DATABASE',
} as const

/** What tests run on, and how `useWorld` is told. */
export type DatabaseKind = 'postgres' | 'embedded'

/** What a file whose behaviour is the same on both runs on: PostgreSQL; on the embedded one by `npm run test:embedded`. */
export const databases: readonly DatabaseKind[] = process.env[variables.kind] === 'embedded' ? ['embedded'] : ['postgres']

/** For what the two may do differently (the pipeline, the database itself) and for a few cheap tests of every feature. */
export const bothDatabases: readonly DatabaseKind[] = ['postgres', 'embedded']

/** A database of its own for one file of tests. */
export interface TestDatabase {
  readonly name: string
  readonly orm: Orm
  /** Where a second connection of another kind may go; null in memory. */
  readonly url: string | null
  close(options: { keep: boolean }): Promise<void>
}

interface PostgresOptions {
  readonly connections: number
  readonly empty: boolean
  /** Parameters of the database. */
  readonly defaults?: Readonly<Record<string, string>>
  /** An ICU locale for everything that the database compares and puts into lower case; it is then migrated, not copied. */
  readonly locale?: string | undefined
}

/** A copy of the migrated template, or an empty database, on the run's PostgreSQL. */
export async function createPostgres({ connections, empty, defaults = {}, locale }: PostgresOptions): Promise<TestDatabase> {
  const server = required(variables.server)
  const template = required(variables.template)
  const folder = required(variables.copies)
  const fresh = empty || locale !== undefined
  const ready = fresh ? null : await takeCopy(folder)
  const name = ready ?? copyName(template)
  const collated = locale === undefined ? '' : ` locale_provider icu icu_locale '${locale}'`
  if (ready === null) await administer(server, `create database "${name}" template "${fresh ? 'template0' : template}"${collated}`)
  for (const [parameter, value] of Object.entries(defaults))
    await administer(server, `alter database "${name}" set ${parameter} to ${escapeLiteral(value)}`)
  const url = urlOf(server, name)
  const driverOptions = { onConnect, onPoolCreated: prepareStatements }
  const orm = await PostgresORM.init({ ...ormOptions(), clientUrl: url, pool: { min: 0, max: connections }, driverOptions })
  enablePreparedWrites(orm)
  if (locale !== undefined && !empty) await migrate(orm)
  return {
    name,
    orm,
    url,
    async close({ keep }) {
      await within(60_000, 'the pool of a world closes', orm.close(true)).catch(async (error: unknown) => {
        const doing = `select pid, state, wait_event_type, wait_event, left(query, 200) as query from pg_stat_activity where datname = '${name}'`
        console.log('What its connections do instead:', await administer(server, doing))
        throw error
      })
      if (keep) console.error(`The database ${name} is kept for you to look at: ${withoutPassword(url)}`)
      await (keep ? keepCopy : releaseCopy)(folder, name)
    },
  }
}

/** PGlite in memory, as a copy of the run's snapshot: making a cluster anew takes seconds. */
export async function createEmbedded(): Promise<TestDatabase> {
  const loadDataDir = new Blob([await readFile(required(variables.snapshot))])
  // Handed over ready-made: MikroORM copies its options, and the copy of a Blob is none.
  const pglite = await PGlite.create({
    loadDataDir,
    extensions: { pg_trgm },
    parsers: createPostgreSqlTypeParsers((text) => parseArray(text)),
  })
  await pglite.exec(applySettings(sessionSettings))
  const orm = await PgliteORM.init({ ...ormOptions(), dbName: 'memory://', driverOptions: { pglite: () => pglite } })
  return {
    name: 'memory',
    orm,
    url: null,
    async close() {
      await orm.close(true)
      await pglite.close()
    },
  }
}

async function migrate(orm: Orm): Promise<void> {
  await orm.migrator.up()
  for (const statement of jobTable) await orm.em.execute(statement, [], 'run')
}

/** Makes the migrated database that others are copied from. */
export async function createTemplate(server: string, name = `denizen_test_${randomBytes(4).toString('hex')}`): Promise<string> {
  await administer(server, `create database "${name}"`)
  const orm = await PostgresORM.init({ ...ormOptions(), clientUrl: urlOf(server, name), driverOptions: { onConnect } })
  await migrate(orm)
  await orm.close(true)
  return name
}

export async function dropTemplate(server: string, template: string): Promise<void> {
  await administer(server, `drop database "${template}" with (force)`)
}

/** A migrated PGlite cluster as bytes. */
export async function embeddedSnapshot(): Promise<Uint8Array> {
  const orm = await PgliteORM.init({ ...ormOptions(), dbName: 'memory://', driverOptions: { extensions: { pg_trgm } } })
  await orm.migrator.up()
  for (const statement of jobTable) await orm.em.execute(statement, [], 'run')
  const connection = orm.em.getConnection()
  if (!(connection instanceof PgliteConnection)) throw new TypeError('The PGlite driver made a connection of another kind.')
  const pglite = await connection.getNativeClient()
  // No world makes a database of its own, and these two are a third of what each of them would load.
  await pglite.query(`update pg_database set datistemplate = false`)
  for (const name of ['template0', 'template1']) await pglite.query(`drop database ${name}`)
  const dump = await pglite.dumpDataDir('none')
  await orm.close(true)
  return new Uint8Array(await dump.arrayBuffer())
}

/** As the runtime sets up every connection. */
const onConnect = async (client: ClientBase): Promise<void> => void (await client.query(applySettings(worldSettings)))

/** A world is too short-lived for PostgreSQL to learn, over the first five calls of each connection, which plan is cheaper. */
const worldSettings = { ...sessionSettings, plan_cache_mode: 'force_generic_plan' }

async function administer<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(statement)).rows
  } finally {
    await client.end()
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

function withoutPassword(text: string): string {
  const url = new URL(text)
  url.password = ''
  return url.href
}

function required(variable: string): string {
  const value = process.env[variable]
  if (value === undefined || value === '')
    throw new Error(`${variable} is not set: run the tests with vitest, from the root of the workspace`)
  return value
}

/**
 * As the runtime's pool does it: core's frequent statements are planned once for each connection, because planning them costs
 * more than running them. They go to the driver's own method, where controls of races change them.
 */
function prepareStatements(pool: Pool): void {
  pool.on('connect', (client: PoolClient) => {
    const send = (...parameters: unknown[]) => (Client.prototype.query as (...given: unknown[]) => unknown).apply(client, parameters)
    client.query = ((text: unknown, values: unknown, ...rest: unknown[]) => {
      const name = typeof text === 'string' && Array.isArray(values) && rest.length === 0 ? preparedStatements.get(text) : undefined
      return name === undefined ? send(text, values, ...rest) : send({ name, text, values })
    }) as PoolClient['query']
  })
}
