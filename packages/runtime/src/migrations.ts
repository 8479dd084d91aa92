import { setTimeout as sleep } from 'node:timers/promises'
import { defineError, isolation, type Logger, type Orm } from '@denizen/core'
import { RawQueryFragment, type MigrateOptions } from '@mikro-orm/core'
import { Migration } from '@mikro-orm/migrations'
import { PostgreSqlDriver } from '@mikro-orm/postgresql'
import { quoteIdentifier } from './client-config.ts'
import { ensureSchema } from './schema.ts'
import { connectPostgres, type PostgresPlace } from './postgres.ts'
import { checkRequirements } from './requirements.ts'

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
  /**
   * Applies all pending migrations or none; returns their names. Throws `database.newer`, `database.migrating`, `database.foreign`,
   * `database.grantMissing`, `database.extensionMissing`.
   */
  up(): Promise<readonly string[]>
  /** Undoes the newest, or everything after the named one (`0`: everything); returns the names. Data is lost. */
  down(to?: string): Promise<readonly string[]>
}

interface MigrationSetting {
  readonly schema: string
  /** Gives a connection without a time limit. */
  readonly unhurried: <T>(work: (orm: Orm) => Promise<T>) => Promise<T>
}

/** Migrations of a database. */
export function migrationsOf(orm: Orm, { schema, unhurried }: MigrationSetting): Migrations {
  return {
    status: () => statusOf(orm),
    history: () => historyOf(orm),
    async plan() {
      const { pending } = await known(orm)
      return Promise.all(pending.map(async (name) => ({ name, statements: await statementsOf(orm, name) })))
    },
    async up() {
      if ((await known(orm)).pending.length === 0) return []
      return unhurried(async (own) => {
        if (isServer(own)) await prepareSchema(own, schema)
        return alone(own, async (transaction) => {
          // Checked again: the process that held the lock before may have applied everything, or may have been newer.
          if ((await known(own)).pending.length === 0) return []
          return (await own.migrator.up(transaction)).map(({ name }) => name)
        })
      })
    },
    async down(to) {
      return unhurried((own) =>
        alone(own, async (transaction) => {
          if ((await known(own)).applied.length === 0) return []
          const target = to === undefined ? {} : { to: to === '0' ? 0 : to }
          return (await own.migrator.down({ ...target, ...transaction })).map(({ name }) => name)
        }),
      )
    },
  }
}

/** PGlite has one connection, one process, and a superuser. */
function isServer(orm: Orm): boolean {
  return orm.em.getDriver() instanceof PostgreSqlDriver
}

async function prepareSchema(orm: Orm, schema: string): Promise<void> {
  await checkRequirements(orm, schema, { migrating: true })
  const connection = orm.em.getConnection()
  await ensureSchema((sql) => connection.execute<unknown[]>(sql), schema)
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
  // Named in full: a schema further down the search path may be another installation's.
  const table = `${quoteIdentifier(orm.config.get('schema') ?? 'public')}.${quoteIdentifier(orm.config.get('migrations').tableName ?? '')}`
  const connection = orm.em.getConnection()
  const [found]: { present: boolean }[] = await connection.execute('select to_regclass(?) is not null as present', [table])
  if (found?.present !== true) return []
  const rows: { name: string; at: string }[] = await connection.execute(`select name, executed_at::text as at from ${table} order by id`)
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

/** Gives a connection to the server itself, whose statements may take as long as they need. */
export async function migratingPostgres<T>(place: PostgresPlace, logger: Logger, work: (orm: Orm) => Promise<T>): Promise<T> {
  // One for the transaction, and one to look at what others have committed.
  const orm = await connectPostgres({ place, direct: true, poolSize: 2, limits: { statement: 0 }, logger })
  try {
    return await work(orm)
  } finally {
    await orm.close(true)
  }
}

/** Runs the work while this process alone may migrate the database: the lock is its transaction's, and ends with it on any connection. */
async function alone<T>(orm: Orm, work: (transaction: MigrateOptions) => Promise<T>): Promise<T> {
  if (!isServer(orm)) return work({})
  const em = orm.em.fork()
  return em.transactional(async (inside) => {
    await takeLock(inside)
    return work({ transaction: inside.getTransactionContext() })
  }, isolation.changing)
}

async function takeLock(em: Orm['em']): Promise<void> {
  const started = performance.now()
  for (;;) {
    const [answer] = await em.execute<[{ taken: boolean }]>('select pg_try_advisory_xact_lock(?::bigint) as taken', [lockKey])
    if (answer.taken) return
    if (performance.now() - started > longestWaitSeconds * 1000) throw databaseMigrating({ waitedSeconds: longestWaitSeconds })
    await sleep(100)
  }
}
