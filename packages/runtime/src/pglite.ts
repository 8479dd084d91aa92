import { join } from 'node:path'
import { defineError, ormOptions, type Logger } from '@denizen/core'
import type { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { MikroORM, PgliteConnection } from '@mikro-orm/pglite'
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
  if (place === 'memory') return open({ dbName: 'memory://', driverOptions: { extensions: { pg_trgm } } }, null, logger)
  const lock = await lockDirectory(place.directory, place.url ?? null)
  try {
    const driverOptions = { dataDir: clusterDirectory(place.directory), extensions: { pg_trgm } }
    return await open({ dbName: 'postgres', driverOptions }, lock, logger)
  } catch (error) {
    lock.release()
    throw databaseUnreadable({ directory: place.directory }, error)
  }
}

interface Location {
  readonly dbName: string
  readonly driverOptions: { readonly dataDir?: string; readonly extensions: object }
}

async function open(location: Location, lock: DirectoryLock | null, logger: Logger): Promise<EmbeddedDatabase> {
  const orm = await MikroORM.init({ ...ormOptions(), ...quietly(logger), ...location })
  const connection = orm.em.getConnection()
  if (!(connection instanceof PgliteConnection)) throw new TypeError('The PGlite driver made a connection of another kind.')
  const pglite = await connection.getNativeClient()
  await pglite.waitReady
  return {
    orm,
    pglite,
    lock,
    async close() {
      try {
        await orm.close(true)
      } finally {
        lock?.release()
      }
    },
  }
}
