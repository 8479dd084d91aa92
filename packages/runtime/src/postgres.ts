import { Socket } from 'node:net'
import { ormOptions, enablePipelineMode, enablePreparedWrites, type Logger } from '@denizen/core'
import { MikroORM } from '@mikro-orm/postgresql'
import type { PoolClient, PoolConfig } from 'pg'
import { clientConfig, sessionStatement, type Session } from './client-config.ts'
import { parseDatabaseUrl, type PostgresServer } from './database-url.ts'
import { ormLogging } from './orm-logging.ts'
import { setUpPool } from './pool.ts'
import { databasePooled, inspectServer } from './server-inspection.ts'

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

/** How to reach a database: the settings, parsed, and what was found there. */
export interface PostgresPlace {
  readonly server: PostgresServer
  /** For whatever needs a connection that stays the same: the listener, jobs, migrations. */
  readonly direct: PostgresServer
  /** Whether `server` is a pooler that gives each transaction another connection. */
  readonly isPooled: boolean
  readonly schema: string
  /** The schema, and that of the extension, if it is another. */
  readonly searchPath: readonly string[]
}

/**
 * Looks at the server, before any pool is opened on it.
 * Throws `request.databaseUnavailable`, `database.refused`, `database.tooOld`, `database.pooled`.
 */
export async function findPostgres(
  { url, directUrl = null, schema = 'public' }: { readonly url: string; readonly directUrl?: string | null; readonly schema?: string },
  limits: Partial<Timeouts> = {},
): Promise<PostgresPlace> {
  const connect = limits.connect ?? timeouts.connect
  const server = parseDatabaseUrl(url)
  const direct = directUrl === null ? server : parseDatabaseUrl(directUrl)
  const { pooling, trigramSchema } = await inspectServer(server, connect)
  if (pooling === 'transaction' && directUrl === null) throw databasePooled({ setting: 'DATABASE_URL' })
  if (directUrl !== null && (await inspectServer(direct, connect)).pooling === 'transaction')
    throw databasePooled({ setting: 'DENIZEN_DATABASE_DIRECT_URL' })
  const searchPath = trigramSchema === null || trigramSchema === schema ? [schema] : [schema, trigramSchema]
  return { server, direct, isPooled: pooling === 'transaction', schema, searchPath }
}

export interface PostgresOptions {
  readonly place: PostgresPlace
  /** true: past the pooler. */
  readonly direct?: boolean
  readonly poolSize: number
  /** What differs from `timeouts`. */
  readonly limits?: Partial<Timeouts>
  readonly logger: Logger
}

/** Opens a bounded pool. No connection is made before it is needed. */
export async function connectPostgres({ place, direct = false, poolSize, logger, limits = {} }: PostgresOptions): Promise<MikroORM> {
  const pool = { min: 0, max: poolSize, idleTimeoutMillis: limits.idle ?? timeouts.idle }
  const server = direct ? place.direct : place.server
  const isPooled = place.isPooled && !direct
  const session = sessionOf(place, limits)
  const driverOptions = {
    ...connectionOptions(server, { limits, ...(!isPooled && { session }) }),
    onPoolCreated: setUpPool(isPooled ? sessionStatement(session, { local: true }) : null),
  }
  const orm = await MikroORM.init({
    ...ormOptions(),
    ...ormLogging(logger),
    dbName: server.database,
    ...(place.schema !== 'public' && { schema: place.schema }),
    ensureDatabase: false,
    pool,
    driverOptions,
  })
  enablePipelineMode(orm)
  enablePreparedWrites(orm)
  return orm
}

/** What a connection to this place is set to. */
export function sessionOf({ searchPath }: PostgresPlace, limits: Partial<Timeouts> = {}): Session {
  const { statement, idleInTransaction } = { ...timeouts, ...limits }
  return { searchPath, statementTimeout: statement, idleInTransactionTimeout: idleInTransaction }
}

/** The options of every pooled connection. `session`: what it is set to after connecting; without, transactions set it themselves. */
export function connectionOptions(
  server: PostgresServer,
  { purpose, limits = {}, session }: { readonly purpose?: string; readonly limits?: Partial<Timeouts>; readonly session?: Session },
) {
  const { connect, statement, silence } = { ...timeouts, ...limits }
  return {
    ...clientConfig(server, purpose),
    connectionTimeoutMillis: server.connectTimeout ?? connect,
    ...(session !== undefined && { verify: (client: PoolClient, done: SetUpDone) => setUp(client, session, done) }),
    ...(statement === 0 ? {} : { stream: () => socketWithTimeout(silence) }),
  } satisfies PoolConfig
}

type SetUpDone = (error?: Error) => void

/** The pool waits for it, and drops the connection when it fails. */
function setUp(client: PoolClient, session: Session, done: SetUpDone): void {
  client.query(sessionStatement(session), (error: Error | null) => done(error ?? undefined))
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
