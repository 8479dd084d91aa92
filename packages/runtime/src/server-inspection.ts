import { randomBytes } from 'node:crypto'
import { databaseUnavailable, defineError, shellWord } from '@denizen/core'
import { Client } from 'pg'
import { clientConfig } from './client-config.ts'
import { placeOf, type PostgresServer } from './database-url.ts'
import { rootOf } from './root-cause.ts'

export const databaseTooOld = defineError<{ version: string }>(
  'database.tooOld',
  'invalid',
  ({ version }) =>
    `Denizen needs PostgreSQL 15 or newer; this server is ${version}. Upgrade it, or unset DATABASE_URL for the embedded database.`,
)
export const databaseRefused = defineError<{ place: string; reason: string; sqlState: string | null; create?: string }>(
  'database.refused',
  'invalid',
  ({ place, reason, create }) =>
    create === undefined
      ? `No connection to PostgreSQL at ${place}: ${reason}. Correct the URL (user, password, database, sslmode, certificates), or what the server allows.`
      : `No connection to PostgreSQL at ${place}: ${reason}. Correct the URL; or, for a first start, have an administrator of the server create it: ${create}`,
)
export const databasePooled = defineError<{ setting: string }>('database.pooled', 'invalid', ({ setting }) =>
  setting === 'DATABASE_URL'
    ? 'DATABASE_URL leads to a pooler that gives every transaction another connection (transaction mode). The listener and migrations need one ' +
      'that stays theirs. Use session mode (PgBouncer: pool_mode = session), or set DENIZEN_DATABASE_DIRECT_URL to the server itself for them.'
    : `${setting} leads to a pooler that gives every transaction another connection, too. It has to lead to the server itself.`,
)

const oldestVersion = 150_000

/** What a server is, before anything is done with it. */
export interface ServerFacts {
  /** Whether a connection stays the same from one transaction to the next. */
  readonly pooling: 'none' | 'session' | 'transaction'
  /** The schema of the extension pg_trgm; null: it is not there. */
  readonly trigramSchema: string | null
}

/**
 * Connects, and looks at the server: its version, whether there is a pooler in between, and of which kind.
 * Throws `request.databaseUnavailable`, `database.refused`, `database.tooOld`.
 */
export async function inspectServer(server: PostgresServer, timeout: number): Promise<ServerFacts> {
  const first = await connectOnce(server, timeout)
  try {
    const { rows } = await first.query<{ pid: number; number: number; name: string; trigrams: string | null }>(
      `select pg_backend_pid() as pid, current_setting('server_version_num')::int as number, current_setting('server_version') as name,
        (select nspname::text from pg_extension join pg_namespace n on n.oid = extnamespace where extname = 'pg_trgm') as trigrams`,
    )
    const [found] = rows
    if (found === undefined || found.number < oldestVersion) throw databaseTooOld({ version: found?.name ?? 'unknown' })
    // A pooler answers with a number of its own.
    const isDirect = (first as Client & { readonly processID: number | null }).processID === found.pid
    return { pooling: isDirect ? 'none' : await poolingOf(server, timeout, first), trigramSchema: found.trigrams }
  } catch (error) {
    throw connectionError(error, server)
  } finally {
    await first.end().catch(() => undefined)
  }
}

async function connectOnce(server: PostgresServer, timeout: number): Promise<Client> {
  const client = new Client({ ...clientConfig(server), connectionTimeoutMillis: server.connectTimeout ?? timeout, query_timeout: timeout })
  client.on('error', () => {}) // what it is asked fails too
  try {
    await client.connect()
    return client
  } catch (error) {
    throw connectionError(error, server)
  }
}

/** A pooler may keep many connections to the server, and takes the one that was used last, or longest ago. */
const mostTries = 12

/** Whether what one connection sets shows up on another, or is lost. */
async function poolingOf(server: PostgresServer, timeout: number, first: Client): Promise<'session' | 'transaction'> {
  const mark = randomBytes(8).toString('hex')
  const marked = async (client: Client): Promise<boolean> => {
    const { rows } = await client.query<{ mark: string | null }>(`select current_setting('denizen.session', true) as mark`)
    return rows[0]?.mark === mark
  }
  const second = await connectOnce(server, timeout)
  try {
    for (let tries = 0; tries < mostTries; tries++) {
      await first.query(`select set_config('denizen.session', '${mark}', false)`)
      if ((await marked(second)) || (await marked(second)) || !(await marked(first))) return 'transaction'
    }
    return 'session'
  } finally {
    await second.end().catch(() => undefined)
  }
}

/** Authentication, authorization, and databases that do not exist: trying again does not help. */
const refusals = /^(28|3D|42501|08P01)/
/** OpenSSL's reasons why a certificate is not accepted, and Node's own for names and protocols. */
const tlsRefusals = /CERT|SELF_SIGNED|UNABLE_TO|^ERR_TLS|^ERR_SSL|EPROTO|HOSTNAME_MISMATCH/

/** The error for a connection that could not be made: `database.refused` where the operator has to change something. */
function connectionError(error: unknown, server: PostgresServer): unknown {
  if (!(error instanceof Error) || 'kind' in error) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isTls = tlsRefusals.test(code) || /does not support SSL/i.test(error.message)
  const place = placeOf(server)
  // What passes by itself, such as a server that is starting, is told as to callers.
  if (/^(57|53)/.test(code)) return databaseUnavailable({}, error)
  if (!isTls && !refusals.test(code)) return databaseUnavailable({ place, reason: rootOf(error) }, error)
  const reason = isTls ? `TLS failed, ${error.message}${code === '' ? '' : ` (${code})`}` : error.message
  const create = code === '3D000' ? { create: creationOf(server) } : {}
  return databaseRefused({ place, reason: reason.replace(/\.$/, ''), sqlState: isTls ? null : code, ...create }, error)
}

/** The line for a shell that creates the database, for the role of the URL. */
function creationOf({ host, port, user, database }: PostgresServer): string {
  const words = [`--host=${host}`, `--port=${port}`, `--owner=${user}`, database]
  return ['createdb', ...words.map(shellWord)].join(' ')
}
