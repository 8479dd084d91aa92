import { setTimeout as sleep } from 'node:timers/promises'
import { defineError, type Logger, type Orm } from '@denizen/core'
import { RawQueryFragment } from '@mikro-orm/core'
import { Migration } from '@mikro-orm/migrations'
import { Client } from 'pg'
import { connectPostgres, timeouts } from './postgres.ts'

export const databaseNewer = defineError<{ unknown: readonly string[] }>(
  'database.newer',
  'conflict',
  ({ unknown }) =>
    `The database was migrated by a newer Denizen (${unknown.join(', ')}), which this one does not know. ` +
    'Start the newer one, or restore a backup from before.',
)
export const databaseMigrating = defineError<{ waitedSeconds: number }>(
  'database.migrating',
  'unavailable',
  ({ waitedSeconds }) => `Another process has been migrating this database for ${waitedSeconds} s. Try again when it is done.`,
)

export interface MigrationStatus {
  /** Names, oldest first. */
  readonly applied: readonly string[]
  readonly pending: readonly string[]
  /** Applied by a newer version, and unknown to this one. */
  readonly unknown: readonly string[]
}

export interface AppliedMigration {
  readonly name: string
  readonly at: Date
}

export interface MigrationPlan {
  readonly name: string
  /** The statements that `up` would run. */
  readonly statements: readonly string[]
}

export interface Migrations {
  /** Only reads. */
  status(): Promise<MigrationStatus>
  /** The migrations that were applied, and when, oldest first. Only reads. */
  history(): Promise<readonly AppliedMigration[]>
  /** The migrations that `up` would apply. Only reads. Throws `database.newer`. */
  plan(): Promise<readonly MigrationPlan[]>
  /** Applies all pending migrations or none; returns their names. Throws `database.newer`, `database.migrating`. */
  up(): Promise<readonly string[]>
  /** Undoes the newest, or everything after the named one (`0`: everything); returns the names. Data is lost. */
  down(to?: string): Promise<readonly string[]>
}

type Exclusively = <T>(work: (orm: Orm) => Promise<T>) => Promise<T>

/** Migrations of a database; `exclusively` keeps other processes out and gives a connection without a time limit. */
export function migrationsOf(orm: Orm, exclusively: Exclusively): Migrations {
  return {
    status: () => statusOf(orm),
    history: () => historyOf(orm),
    async plan() {
      const { pending } = await known(orm)
      return Promise.all(pending.map(async (name) => ({ name, statements: await statementsOf(orm, name) })))
    },
    async up() {
      if ((await known(orm)).pending.length === 0) return []
      return exclusively(async (unhurried) => {
        // Checked again: the process that held the lock before may have applied everything, or may have been newer.
        if ((await known(unhurried)).pending.length === 0) return []
        return (await unhurried.migrator.up()).map(({ name }) => name)
      })
    },
    async down(to) {
      return exclusively(async (unhurried) => {
        if ((await known(unhurried)).applied.length === 0) return []
        return (await unhurried.migrator.down(to === undefined ? undefined : { to: to === '0' ? 0 : to })).map(({ name }) => name)
      })
    },
  }
}

async function known(orm: Orm): Promise<MigrationStatus> {
  const status = await statusOf(orm)
  if (status.unknown.length > 0) throw databaseNewer({ unknown: status.unknown })
  return status
}

async function statusOf(orm: Orm): Promise<MigrationStatus> {
  const names = [...migrationsByName(orm).keys()]
  const applied = (await historyOf(orm)).map(({ name }) => name)
  return {
    applied,
    pending: names.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !names.includes(name)),
  }
}

/** Not by the migrator, which would create its table first. */
async function historyOf(orm: Orm): Promise<readonly AppliedMigration[]> {
  const table = orm.config.get('migrations').tableName ?? ''
  const connection = orm.em.getConnection()
  const [found]: { present: boolean }[] = await connection.execute('select to_regclass(?) is not null as present', [table])
  if (found?.present !== true) return []
  const rows: { name: string; at: string }[] = await connection.execute(
    `select name, executed_at::text as at from ${orm.em.getPlatform().quoteIdentifier(table)} order by id`,
  )
  return rows.map(({ name, at }) => ({ name, at: new Date(at) }))
}

function migrationsByName(orm: Orm): ReadonlyMap<string, Migration> {
  const list = orm.config.get('migrations').migrationsList ?? []
  const made = list.map((entry) => {
    const [type, named] = typeof entry === 'function' ? [entry, undefined] : [entry.class, entry.name]
    const migration = new type(orm.em.getDriver(), orm.config)
    if (!(migration instanceof Migration)) throw new TypeError(`${type.name} is not a migration.`)
    return [named ?? migration.name ?? type.name, migration] as const
  })
  return new Map(made)
}

async function statementsOf(orm: Orm, name: string): Promise<readonly string[]> {
  const migration = migrationsByName(orm).get(name)
  await migration?.up()
  return (migration?.getQueries() ?? []).map((query) => {
    if (typeof query === 'string') return query
    const { sql, params } = query instanceof RawQueryFragment ? query : query.compile()
    return orm.em.getPlatform().formatQuery(sql, params)
  })
}

/** Any number, as long as all processes of Denizen use the same. */
const lockKey = '4915210817246208'
const longestWaitSeconds = 60

/**
 * Runs the work while this process alone may migrate the database, on a connection
 * whose statements may take as long as they need. The lock is one of the session, so it ends
 * with the process; it needs a direct connection or a pooler in session mode.
 */
export async function migratingPostgres<T>(url: string, logger: Logger, work: (orm: Orm) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'denizen migration', connectionTimeoutMillis: timeouts.connect })
  client.on('error', () => {}) // the work itself will fail
  await client.connect()
  try {
    await takeLock(client)
    const orm = await connectPostgres({ url, poolSize: 2, limits: { statement: 0 }, logger })
    try {
      return await work(orm)
    } finally {
      await orm.close(true)
    }
  } finally {
    await client.end()
  }
}

async function takeLock(client: Client): Promise<void> {
  const started = performance.now()
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1::bigint) as taken', [lockKey])
    if (rows[0]?.taken === true) return
    if (performance.now() - started > longestWaitSeconds * 1000) throw databaseMigrating({ waitedSeconds: longestWaitSeconds })
    await sleep(100)
  }
}
