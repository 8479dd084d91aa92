import { IsolationLevel } from '@mikro-orm/core'

/**
 * The isolation of transactions. Each names its own: the default of a database, role or server may be another
 * (https://www.postgresql.org/docs/current/transaction-iso.html).
 */
export const isolation = {
  /**
   * For changes. Guards lock, then count, and have to count what was committed while they waited: under `repeatable read` the last owner
   * could leave.
   */
  changing: { isolationLevel: IsolationLevel.READ_COMMITTED },
  /** For reading. What fills a cache has to be newer than what was dropped from it before, so each statement has a snapshot of its own. */
  reading: { isolationLevel: IsolationLevel.READ_COMMITTED, readOnly: true },
  /** For reading what several statements put together, and no cache keeps. */
  readingOneSnapshot: { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true },
} as const
