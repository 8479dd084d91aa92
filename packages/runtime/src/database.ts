import type { Logger, Orm } from '@denizen/core'
import type { PGlite } from '@electric-sql/pglite'
import type { Config } from './config.ts'
import type { DirectoryLock } from './directory-lock.ts'
import { migratingPostgres, migrationsOf, type Migrations } from './migrations.ts'
import { openPglite } from './pglite.ts'
import { connectPostgres, findPostgres, type PostgresPlace } from './postgres.ts'

interface OpenDatabase {
  readonly orm: Orm
  readonly migrations: Migrations
  close(): Promise<void>
}

/** An open database. */
export type Database =
  | (OpenDatabase & { readonly kind: 'postgres'; readonly place: PostgresPlace })
  | (OpenDatabase & { readonly kind: 'embedded'; readonly pglite: PGlite; readonly lock: DirectoryLock })
  | (OpenDatabase & { readonly kind: 'memory'; readonly pglite: PGlite })

/**
 * Opens the configured database as it is, without migrating it.
 * Throws `request.databaseUnavailable`, `database.refused`, `database.tooOld`, `database.pooled`, `database.locked`.
 */
export async function openDatabase({ database, poolSize }: Pick<Config, 'database' | 'poolSize'>, logger: Logger): Promise<Database> {
  if (database.kind === 'postgres') {
    const place = await findPostgres(database)
    const orm = await connectPostgres({ place, poolSize, logger })
    const migrations = migrationsOf(orm, { schema: place.schema, unhurried: (work) => migratingPostgres(place, logger, work) })
    return { kind: 'postgres', place, orm, migrations, close: () => orm.close(true) }
  }
  const place = database.kind === 'memory' ? 'memory' : { directory: database.directory }
  const { orm, pglite, lock, close } = await openPglite(place, logger)
  const opened = { orm, pglite, close, migrations: migrationsOf(orm, { schema: 'public', unhurried: (work) => work(orm) }) }
  return lock === null ? { kind: 'memory', ...opened } : { kind: 'embedded', lock, ...opened }
}
