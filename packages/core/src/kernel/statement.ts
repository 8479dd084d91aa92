import type { SqlEntityManager } from '@mikro-orm/sql'
import { CompiledQuery } from 'kysely'

/** A statement that goes to the database with almost every call. */
export interface Statement {
  readonly text: string
}

const names = new Map<string, string>()

/**
 * The text of every statement below, with the name to prepare it under: planning
 * costs most of them more than running. A driver that can prepare looks here;
 * one that cannot just runs them.
 */
export const preparedStatements: ReadonlyMap<string, string> = names

/** Declares a statement; its parameters are written as `?`, and cast where the database could not tell their type. */
export function statement(name: string, sql: string): Statement {
  let position = 0
  const text = sql.replaceAll('?', () => `$${++position}`)
  names.set(text, `denizen_${name}`)
  return { text }
}

/** Runs a statement, in the transaction of `em` if it has one. */
export async function runStatement<Row extends object>(
  em: SqlEntityManager,
  { text }: Statement,
  parameters: readonly unknown[],
): Promise<Row[]> {
  const logger = em.config.getLogger()
  if (logger.isEnabled('query')) logger.logQuery({ query: text, level: 'info' })
  const { rows } = await em.getKysely().executeQuery<Row>(CompiledQuery.raw(text, [...parameters]))
  return rows
}
