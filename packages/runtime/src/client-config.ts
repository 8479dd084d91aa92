import { applySettings, sessionSettings } from '@denizen/core'
import type { ClientConfig } from 'pg'
import type { PostgresServer } from './database-url.ts'

/**
 * The options of every connection to PostgreSQL, whoever opens it. Nothing but the name is sent while connecting: poolers refuse
 * parameters that they do not know (https://www.pgbouncer.org/config.html, ignore_startup_parameters).
 */
export function clientConfig(server: PostgresServer, purpose?: string) {
  const { host, port, user, password, database, ssl, applicationName } = server
  return {
    host,
    port,
    user,
    password,
    database,
    ssl,
    application_name: purpose === undefined ? applicationName : `${applicationName} ${purpose}`,
  } satisfies ClientConfig
}

/** What connections are set to right after connecting. */
export interface Session {
  /** Schemas in which names are looked for, the first of which holds the tables. */
  readonly searchPath: readonly string[]
  /** Milliseconds; 0: no limit. */
  readonly statementTimeout: number
  readonly idleInTransactionTimeout: number
}

/** The statement that sets up a connection; nothing may be sent before it. `local`: a transaction instead. */
export function sessionStatement({ searchPath, statementTimeout, idleInTransactionTimeout }: Session, { local = false } = {}): string {
  const settings = {
    ...sessionSettings,
    search_path: searchPath.map(quoteIdentifier).join(', '),
    statement_timeout: String(statementTimeout),
    idle_in_transaction_session_timeout: String(idleInTransactionTimeout),
    lock_timeout: '0', // the statement's limit counts while it waits
  }
  return applySettings(settings, { local })
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
