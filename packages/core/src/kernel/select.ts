import type { SqlEntityManager } from '@mikro-orm/sql'
import { CompiledQuery } from 'kysely'
import type { RowCache } from './row-cache.ts'

/** A statement that begins with `select`, which is all that PostgreSQL needs to know that it changes nothing. */
export interface Select {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** Reads rows. */
export type RunSelect = <Row extends object>(select: Select) => Promise<Row[]>

/** What is read with where no transaction is needed. */
export interface Reader {
  /** Runs one select: in the transaction, if it was opened, else by itself, for half of what the transaction would cost. */
  readonly select: RunSelect
  /**
   * What was read of rows before, to be asked for whatever is not too costly to read again. null: the answer goes to
   * somebody in this process, who could change what is in it; otherwise it is written at once, and may hold what is `lasting`.
   */
  readonly cachedRows: RowCache | null
}

/** Reads rows through an entity manager: in its transaction, if it has one. */
export function selectThrough(em: SqlEntityManager): RunSelect {
  return async <Row extends object>({ sql, parameters }: Select) => {
    // `with` could change something, `select` cannot (PostgreSQL, 7.8.4): but for the functions it calls, for `into`, and for a second statement.
    if (!/^select\s[^;]*$/i.test(sql))
      throw new TypeError(`One select can be run without a transaction, and this is none: ${sql.slice(0, 40)}`)
    const logger = em.config.getLogger()
    if (logger.isEnabled('query')) logger.logQuery({ query: sql, level: 'info' })
    const { rows } = await em.getKysely().executeQuery<Row>(CompiledQuery.raw(sql, [...parameters]))
    return rows
  }
}
