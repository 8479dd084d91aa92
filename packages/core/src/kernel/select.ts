import type { SqlEntityManager } from '@mikro-orm/sql'
import { CompiledQuery } from 'kysely'
import type { RowCache } from './row-cache.ts'

/** A statement that begins with `select`, so that it cannot change anything. */
export interface Select {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** Runs a select and returns its rows. */
export type RunSelect = <Row extends object>(select: Select) => Promise<Row[]>

/** Access to rows without a transaction. */
export interface Reader {
  /** Runs one select: in the transaction if it is open, else by itself, at half of the cost of a transaction. */
  readonly select: RunSelect
  /**
   * Rows that were read before, for those that are costly to read. null: the answer goes to a caller in this process, who could change
   * it; otherwise it is serialized at once and may contain values from `markImmutable`.
   */
  readonly cachedRows: RowCache | null
}

/** Selects through an entity manager, in its transaction if it has one. */
export function selectThrough(em: SqlEntityManager): RunSelect {
  return async <Row extends object>({ sql, parameters }: Select) => {
    // `with` can change data, `select` cannot (PostgreSQL, 7.8.4), except by functions, `into`, or a second statement.
    if (!/^select\s[^;]*$/i.test(sql))
      throw new TypeError(`One select can be run without a transaction, and this is none: ${sql.slice(0, 40)}`)
    const logger = em.config.getLogger()
    if (logger.isEnabled('query')) logger.logQuery({ query: sql, level: 'info' })
    const { rows } = await em.getKysely().executeQuery<Row>(CompiledQuery.raw(sql, [...parameters]))
    return rows
  }
}
