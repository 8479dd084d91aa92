import type { Logger, Orm } from '@denizen/core'
import type { Config } from './config.ts'
import type { DirectoryLock } from './directory-lock.ts'
import { freeSpaceOf, type EmbeddedSql } from './disk-room.ts'
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
  | (OpenDatabase & { readonly kind: 'embedded'; readonly pglite: EmbeddedSql; readonly lock: DirectoryLock })
  | (OpenDatabase & { readonly kind: 'memory'; readonly pglite: EmbeddedSql })

/**
 * Opens the configured database as it is, without migrating it.
 * Throws `request.databaseUnavailable`, `database.refused`, `database.tooOld`, `database.pooled`, `database.locked`, `database.noRoom`.
 */
export async function openDatabase(
  { database, poolSize }: Pick<Config, 'database' | 'poolSize'>,
  logger: Logger,
  freeSpace = freeSpaceOf,
): Promise<Database> {
  if (database.kind === 'postgres') {
    const place = await findPostgres(database)
    const orm = await connectPostgres({ place, poolSize, logger })
    const migrations = migrationsOf(orm, { schema: place.schema, unhurried: (work) => migratingPostgres(place, logger, work) })
    return { kind: 'postgres', place, orm, migrations, close: () => orm.close(true) }
  }
  const place = database.kind === 'memory' ? 'memory' : { directory: database.directory }
  const { orm, pglite, lock, close } = await openPglite(place, logger, freeSpace)
  const opened = { orm, pglite, close, migrations: migrationsOf(orm, { schema: 'public', unhurried: (work) => work(orm) }) }
  return lock === null ? { kind: 'memory', ...opened } : { kind: 'embedded', lock, ...opened }
}
