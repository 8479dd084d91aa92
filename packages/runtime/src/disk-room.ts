import { statfsSync } from 'node:fs'
import { defineError, type Logger } from '@denizen/core'
import type { PGlite, Transaction } from '@electric-sql/pglite'

/**
 * Bytes that have to be free where the embedded database is: four files of its log, which grows by 16 MiB at a time. Where there is no
 * room for the next one, PGlite never comes back from the commit: it turns in a loop, on the thread of everything else.
 */
export const leastRoom = 64 * 1024 ** 2
/** A transaction that began with room goes on down to this, and is broken off below. */
const leastRoomInside = leastRoom / 2
const megabyte = 1024 ** 2

/** Bytes that may still be written in a folder. Throws if nobody can tell. */
export type FreeSpace = (folder: string) => number

export const freeSpaceOf: FreeSpace = (folder) => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

export const databaseNoRoom = defineError<{ directory: string; freeMegabytes: number; neededMegabytes: number }>(
  'database.noRoom',
  'unavailable',
  ({ directory, freeMegabytes, neededMegabytes }) =>
    `There are only ${freeMegabytes} MB free in ${directory}, and the embedded database needs ${neededMegabytes} MB to work without harm. ` +
    'Free some room on that disk, then start again. Nothing is lost.',
)

/** What is used of the embedded database. */
export type EmbeddedSql = Pick<PGlite, 'query' | 'exec' | 'transaction' | 'close' | 'closed' | 'ready' | 'waitReady'>

interface Watched {
  readonly pglite: PGlite
  readonly directory: string
  readonly freeSpace: FreeSpace
  readonly logger: Logger
}

/** Throws `database.noRoom`. */
export function ensureRoom(directory: string, freeSpace: FreeSpace): void {
  const free = roomIn(directory, freeSpace)
  if (free < leastRoom) throw databaseNoRoom(megabytesOf(directory, free))
}

/**
 * The database, which only reads while there is too little room on its disk: then every transaction, and every statement outside of one,
 * is read-only, whoever asks for it. The room is looked at before each statement (2 µs): one timer late, and a queue of calls has filled it.
 */
export function keepingRoom(watched: Watched): EmbeddedSql {
  const { pglite } = watched
  const room = new RoomWatch(watched)
  return {
    query: async (...given) => ((await room.isShort()) ? told(pglite.query(...given)) : pglite.query(...given)),
    exec: async (...given) => ((await room.isShort()) ? told(pglite.exec(...given)) : pglite.exec(...given)),
    transaction: async (work) => {
      const isReading = await room.isShort()
      return pglite.transaction((inside) => work(watching(inside, () => isReading || room.ensureInside())))
    },
    close: () => pglite.close(),
    get closed() {
      return pglite.closed
    },
    get ready() {
      return pglite.ready
    },
    waitReady: pglite.waitReady,
  }
}

class RoomWatch {
  readonly #watched: Watched
  #isShort = false
  #switched: Promise<unknown> = Promise.resolve()

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** Whether there is too little room, in which case the session is read-only by now. Never rejects. */
  async isShort(): Promise<boolean> {
    const { directory, freeSpace } = this.#watched
    const free = roomIn(directory, freeSpace)
    if (free < leastRoom !== this.#isShort) this.#switch(free)
    await this.#switched
    return this.#isShort
  }

  /** Throws while there is not even room for the rest of a transaction. */
  ensureInside(): true {
    const { directory, freeSpace } = this.#watched
    if (roomIn(directory, freeSpace) < leastRoomInside) throw diskFull()
    return true
  }

  #switch(free: number): void {
    const { pglite, directory, logger } = this.#watched
    this.#isShort = free < leastRoom
    const figures = megabytesOf(directory, free)
    if (this.#isShort) logger.error('The disk of the embedded database is nearly full: until there is room, only reading goes on.', figures)
    else logger.info('The disk of the embedded database has room again: changes are taken.', figures)
    // In its turn, behind an open transaction: inside, it would end with that.
    const statement = `set default_transaction_read_only = ${this.#isShort ? 'on' : 'off'}`
    this.#switched = pglite
      .exec(statement)
      .catch((error: unknown) => logger.error('The embedded database could not be switched.', { error }))
  }
}

/** Where nobody can tell, the database itself says what fails. */
function roomIn(directory: string, freeSpace: FreeSpace): number {
  try {
    return freeSpace(directory)
  } catch {
    return Infinity
  }
}

function megabytesOf(directory: string, free: number) {
  return { directory, freeMegabytes: Math.floor(free / megabyte), neededMegabytes: leastRoom / megabyte }
}

/** A transaction that calls `check` before each statement. */
function watching(inside: Transaction, check: () => true): Transaction {
  return Object.create(inside, {
    query: { value: async (...given: Parameters<Transaction['query']>) => check() && told(inside.query(...given)) },
    exec: { value: async (...given: Parameters<Transaction['exec']>) => check() && told(inside.exec(...given)) },
  }) as Transaction
}

/** PostgreSQL knows that it is read-only (25006), but not why: its disk is full (53100). */
async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== '25006') throw error
    throw diskFull(error)
  }
}

/** As PostgreSQL says it (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
function diskFull(cause?: unknown): Error {
  return Object.assign(new Error('the disk of the embedded database is nearly full', { cause }), { code: '53100' })
}
