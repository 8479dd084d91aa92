import type { SqlEntityManager } from '@mikro-orm/sql'
import { CompiledQuery } from 'kysely'

/** A statement that begins with `select`, which is all that PostgreSQL needs to know that it changes nothing. */
export interface Select {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** Reads rows. */
export type Look = <Row extends object>(select: Select) => Promise<Row[]>

/** Reads rows through an entity manager: in its transaction, if it has one. */
export function lookThrough(em: SqlEntityManager): Look {
  return async <Row extends object>({ sql, parameters }: Select) => {
    // `with` could change something and `select` cannot (PostgreSQL, 7.8.4), but for the functions it calls; and `into`, which makes a table.
    if (!/^select\s/i.test(sql))
      throw new TypeError(`Only a select is run without a transaction of its own, and this is none: ${sql.slice(0, 40)}`)
    const logger = em.config.getLogger()
    if (logger.isEnabled('query')) logger.logQuery({ query: sql, level: 'info' })
    const { rows } = await em.getKysely().executeQuery<Row>(CompiledQuery.raw(sql, [...parameters]))
    return rows
  }
}
