import { join } from 'node:path'
import { applySettings, defineError, DenizenError, ormOptions, sessionSettings, type Logger } from '@denizen/core'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { MikroORM } from '@mikro-orm/pglite'
import { createPostgreSqlTypeParsers } from '@mikro-orm/sql'
import { parse as parseArray } from 'postgres-array'
import { lockDirectory, type DirectoryLock } from './directory-lock.ts'
import { ensureRoom, freeSpaceOf, keepingRoom, type EmbeddedSql } from './disk-room.ts'
import { ormLogging } from './orm-logging.ts'

/** PGlite's own errors often have no useful message. */
export const databaseUnreadable = defineError<{ directory: string }>(
  'database.unreadable',
  'unavailable',
  ({ directory }) =>
    `The embedded database in ${directory} cannot be opened. If it was created by another version, export it with that one; if it is damaged, restore a backup; if you do not need it, delete the folder.`,
)

/** PostgreSQL's own directory, inside the data directory. */
export function clusterDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'postgres')
}

export interface EmbeddedDatabase {
  readonly orm: MikroORM
  /** The database itself, for pg-boss and dumps. */
  readonly pglite: EmbeddedSql
  /** null in memory. */
  readonly lock: DirectoryLock | null
  close(): Promise<void>
}

/**
 * Opens the embedded database: PostgreSQL compiled to WebAssembly, in this process
 * (https://pglite.dev). A directory is locked first. Throws `database.locked`, `database.noRoom` and `database.unreadable`.
 *
 * Durability: an acknowledged commit has been handed to the operating system, so it survives
 * any death of this process, but not a power cut: PGlite starts PostgreSQL with fsync off,
 * and its file layer ignores `fdatasync`, so no setting (`relaxedDurability` included) makes
 * it flush. If you need that, use PostgreSQL.
 */
export async function openPglite(
  place: { directory: string; url?: string } | 'memory',
  logger: Logger,
  freeSpace = freeSpaceOf,
): Promise<EmbeddedDatabase> {
  if (place === 'memory') return open('memory://', null, logger, (pglite) => pglite)
  const { directory } = place
  const lock = await lockDirectory(place.directory, place.url ?? null)
  try {
    ensureRoom(directory, freeSpace)
    return await open(clusterDirectory(directory), lock, logger, (pglite) => keepingRoom({ pglite, directory, freeSpace, logger }))
  } catch (error) {
    lock.release()
    throw error instanceof DenizenError ? error : databaseUnreadable({ directory }, error)
  }
}

/**
 * The database is opened here and given to MikroORM. A database that MikroORM opened itself
 * it would reopen when it is used after closing: without the lock, while another process may
 * have it, and both would write to one directory.
 */
async function open(
  dataDir: string,
  lock: DirectoryLock | null,
  logger: Logger,
  watch: (pglite: PGlite) => EmbeddedSql,
): Promise<EmbeddedDatabase> {
  const parsers = createPostgreSqlTypeParsers((text) => parseArray(text))
  const opened = await PGlite.create({ dataDir, extensions: { pg_trgm }, parsers })
  await opened.exec(applySettings(sessionSettings))
  const pglite = watch(opened)
  const orm = await MikroORM.init({
    ...ormOptions(),
    ...ormLogging(logger),
    dbName: 'postgres',
    driverOptions: { pglite: () => pglite },
  })
  return {
    orm,
    pglite,
    lock,
    async close() {
      try {
        await orm.close(true)
        await pglite.close()
      } finally {
        lock?.release()
      }
    },
  }
}
