import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { DenizenError, systemActor, type Logger } from '@denizen/core'
import { clusterDirectory, createRuntime, pinoLogger, readConfig, type Config, type Runtime } from '@denizen/runtime'
import type { Connection } from './calls.ts'
import { detailsOf } from './error-details.ts'
import { usageError, withNext } from './failure.ts'
import { denizen, type ConnectionOptions } from './common-options.ts'
import { note } from './output.ts'

/** The configuration of the environment, for the database that the options name. Logs warnings only, unless configured. */
export function localConfig({ database }: Pick<ConnectionOptions, 'database'>, settings: Readonly<Record<string, string>> = {}): Config {
  const environment = { DENIZEN_LOG_LEVEL: 'warn', ...withoutEmpty(process.env), ...settings }
  if (database === undefined) return readConfig(environment)
  if (database === '') throw usageError('--database names no database.', 'Name a directory, or the URL of a database on PostgreSQL.')
  if (/^postgres(ql)?:/.test(database))
    return asTyped(() => readConfig({ ...environment, DATABASE_URL: database, DENIZEN_DATABASE_DIRECT_URL: undefined }))
  return readConfig({ ...environment, DATABASE_URL: undefined, DENIZEN_DATA_DIR: database })
}

/** What is wrong with the URL was typed after --database, in no variable. */
function asTyped(read: () => Config): Config {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    const message = error.message.replace('is required with DATABASE_URL', 'is required with --database postgresql://…')
    throw new DenizenError(error.code, error.kind, message.replaceAll('DATABASE_URL: ', '--database: '), error.details, error)
  }
}

function withoutEmpty(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

/** Opens the database in this process. The operator needs no session, but is named in the audit log. */
export async function connectLocally(options: ConnectionOptions): Promise<Connection> {
  const config = localConfig(options)
  requireDatabase(config, options)
  const runtime = await openRuntime(config, options)
  try {
    await requireMigrated(runtime, options)
    await runtime.start()
  } catch (error) {
    await runtime.stop()
    throw error
  }
  return {
    calls: runtime.core.as(systemActor(`cli: ${userInfo().username}`)),
    url: null,
    context: null,
    isOneOfMany: false,
    close: () => runtime.stop(),
  }
}

/** The option that names the same database again. */
function databaseOption({ database }: ConnectionOptions): string {
  if (database === undefined) return ''
  // The URL of a server may hold a password.
  return ` --database ${/^postgres(ql)?:/.test(database) ? '…' : database}`
}

/** Throws `cli.noDatabase`: a mistyped directory must not become a new, empty database. */
export function requireDatabase(config: Config, options: ConnectionOptions): void {
  if (config.database.kind !== 'embedded' || existsSync(clusterDirectory(config.database.directory))) return
  const { directory } = config.database
  const next = `Create one with "${denizen} serve" or "${denizen} migrate up${databaseOption(options)}", or name another with --database.`
  throw new DenizenError('cli.noDatabase', 'notFound', `There is no database in ${directory}.`, { directory, next })
}

async function requireMigrated(runtime: Runtime, options: ConnectionOptions): Promise<void> {
  const { pending } = await runtime.database.migrations.status()
  if (pending.length === 0) return
  const next = `See what is missing with "${denizen} migrate plan${databaseOption(options)}", then "${denizen} migrate up${databaseOption(options)}".`
  throw new DenizenError('cli.notMigrated', 'conflict', `The database is not up to date: ${pending.join(', ')}.`, { pending, next })
}

async function openRuntime(config: Config, { debug = false }: ConnectionOptions): Promise<Runtime> {
  const logger = pinoLogger(config.logLevel)
  try {
    const runtime = await createRuntime(config, { working: false, logger: debug ? loggingSql(logger) : logger })
    // Without "query-params", so without values. Set as an option, because the logger's own mode is lost when the schema is read.
    if (debug) runtime.database.orm.config.set('debug', ['query'])
    return runtime
  } catch (error) {
    throw error instanceof DenizenError ? withOwner(error) : error
  }
}

/** MikroORM writes statements to the log, marked; with --debug they are printed instead. */
function loggingSql(logger: Logger): Logger {
  return {
    ...logger,
    warn: (message, fields) => (message.startsWith('[query]') ? note(`debug: ${message.slice(8)}`) : logger.warn(message, fields)),
  }
}

/** If a server has the directory open, the next step is to use that server. */
function withOwner(error: DenizenError): DenizenError {
  const { url } = detailsOf(error)
  return error.code === 'database.locked' && url !== undefined ? withNext(error, `Use the server that has it open: --url ${url}`) : error
}
