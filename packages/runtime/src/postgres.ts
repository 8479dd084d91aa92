import { Socket } from 'node:net'
import { databaseUnavailable, defineError, ormOptions, enablePipelineMode, type Logger } from '@denizen/core'
import { MikroORM } from '@mikro-orm/postgresql'
import type { PoolConfig } from 'pg'
import { ormLogging } from './orm-logging.ts'
import { setUpPool } from './pool.ts'

export const databaseTooOld = defineError<{ version: string }>(
  'database.tooOld',
  'invalid',
  ({ version }) =>
    `Denizen needs PostgreSQL 15 or newer; this server is ${version}. Upgrade it, or unset DATABASE_URL for the embedded database.`,
)

/** Milliseconds. Every wait has a limit: a slow or silent database causes errors, never a hang. */
export interface Timeouts {
  /** For a new connection, or a free one of the pool. */
  readonly connect: number
  /** For one statement; 0: no limit, for migrations. */
  readonly statement: number
  /** For a transaction that sends nothing. */
  readonly idleInTransaction: number
  /** Unused connections are closed after this. */
  readonly idle: number
  /** Longer than all others, so that only a dead connection is silent for so long. */
  readonly silence: number
}

export const timeouts: Timeouts = { connect: 5_000, statement: 10_000, idleInTransaction: 10_000, idle: 12_000, silence: 15_000 }

const oldestVersion = 150_000

export interface PostgresOptions {
  readonly url: string
  readonly poolSize: number
  /** What differs from `timeouts`. */
  readonly limits?: Partial<Timeouts>
  readonly logger: Logger
}

/**
 * Connects to PostgreSQL with a bounded pool, and checks its version.
 * Throws `request.databaseUnavailable`, `database.tooOld`.
 */
export async function connectPostgres({ url, poolSize, logger, limits }: PostgresOptions): Promise<MikroORM> {
  const pool = { min: 0, max: poolSize, idleTimeoutMillis: limits?.idle ?? timeouts.idle }
  const driverOptions = { ...connectionOptions('denizen', limits), onPoolCreated: setUpPool }
  const orm = await MikroORM.init({ ...ormOptions(), ...ormLogging(logger), clientUrl: url, ensureDatabase: false, pool, driverOptions })
  enablePipelineMode(orm)
  try {
    await checkVersion(orm)
    return orm
  } catch (error) {
    await orm.close(true)
    throw error
  }
}

/** The options of every pooled connection. */
export function connectionOptions(applicationName: string, limits: Partial<Timeouts> = {}) {
  const { connect, statement, idleInTransaction, silence } = { ...timeouts, ...limits }
  return {
    connectionTimeoutMillis: connect,
    statement_timeout: statement,
    idle_in_transaction_session_timeout: idleInTransaction,
    application_name: applicationName,
    ...(statement === 0 ? {} : { stream: () => socketWithTimeout(silence) }),
  } satisfies PoolConfig
}

async function checkVersion(orm: MikroORM): Promise<void> {
  const [row] = await serverVersion(orm)
  if (row === undefined || row.number < oldestVersion) throw databaseTooOld({ version: row?.name ?? 'unknown' })
}

async function serverVersion(orm: MikroORM): Promise<{ number: number; name: string }[]> {
  try {
    return await orm.em
      .getConnection()
      .execute(`select current_setting('server_version_num')::int as number, current_setting('server_version') as name`)
  } catch (error) {
    throw databaseUnavailable({}, error)
  }
}

/**
 * The driver's own `query_timeout` returns a connection that never answered to the pool,
 * where it holds up the next user. Destroying the socket removes it.
 */
function socketWithTimeout(silence: number): Socket {
  const socket = new Socket()
  const error = Object.assign(new Error(`The database was silent for ${silence / 1000} s.`), { code: 'ETIMEDOUT' })
  socket.setTimeout(silence, () => socket.destroy(error))
  return socket
}
