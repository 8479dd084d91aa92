import { join } from 'node:path'
import { defineError, ormOptions, type Logger } from '@denizen/core'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { MikroORM } from '@mikro-orm/pglite'
import { createPostgreSqlTypeParsers } from '@mikro-orm/sql'
import { parse as parseArray } from 'postgres-array'
import { lockDirectory, type DirectoryLock } from './directory-lock.ts'
import { quietly } from './orm-logging.ts'

/** PGlite's own errors often say nothing at all. */
export const databaseUnreadable = defineError<{ directory: string }>(
  'database.unreadable',
  'unavailable',
  ({ directory }) =>
    `The embedded database in ${directory} cannot be opened. If it was made by another version, export from that one; if it is damaged, restore a copy; if you do not need it, delete the folder.`,
)

/** Where inside the data directory PostgreSQL's own files are. */
export function clusterDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'postgres')
}

export interface EmbeddedDatabase {
  readonly orm: MikroORM
  /** The database itself, for what goes past the ORM: pg-boss, dumps. */
  readonly pglite: PGlite
  /** null in memory. */
  readonly lock: DirectoryLock | null
  close(): Promise<void>
}

/**
 * Opens the embedded database: PostgreSQL compiled to WebAssembly, in this process
 * (https://pglite.dev). A directory is locked first. Throws `database.locked` and `database.unreadable`.
 *
 * What is promised: an acknowledged commit has been handed to the operating system,
 * so it survives any death of this process. It does not survive a power cut: PGlite
 * starts PostgreSQL with fsync off, and its file layer answers `fdatasync` without
 * doing anything, so no setting (`relaxedDurability` included) makes it flush. Who
 * needs that promise uses PostgreSQL.
 */
export async function openPglite(place: { directory: string; url?: string } | 'memory', logger: Logger): Promise<EmbeddedDatabase> {
  if (place === 'memory') return open('memory://', null, logger)
  const lock = await lockDirectory(place.directory, place.url ?? null)
  try {
    return await open(clusterDirectory(place.directory), lock, logger)
  } catch (error) {
    lock.release()
    throw databaseUnreadable({ directory: place.directory }, error)
  }
}

/**
 * The database is opened here and handed over ready-made. What MikroORM opens
 * itself it opens again for whoever asks after it was closed: without the lock,
 * beside the process that has it by then, and both would write to one directory.
 */
async function open(dataDir: string, lock: DirectoryLock | null, logger: Logger): Promise<EmbeddedDatabase> {
  const parsers = createPostgreSqlTypeParsers((text) => parseArray(text))
  const pglite = await PGlite.create({ dataDir, extensions: { pg_trgm }, parsers })
  const orm = await MikroORM.init({
    ...ormOptions(),
    ...quietly(logger),
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
