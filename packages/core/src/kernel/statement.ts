import type { SqlEntityManager } from '@mikro-orm/sql'
import { CompiledQuery } from 'kysely'

/** A prepared statement. */
export interface Statement {
  readonly text: string
}

/** Bounded by the statements in the code, and by those who make some of a bounded number of shapes (pages of users, changed rows). */
const names = new Map<string, string>()

/**
 * The names under which the statements below are prepared, by their text: planning most of them costs more than running them. Drivers
 * that can prepare look here; others just run the text.
 */
export const preparedStatements: ReadonlyMap<string, string> = names

/** Declares a prepared statement. Parameters are `?`, with a cast where PostgreSQL could not infer the type. */
export function statement(name: string, sql: string): Statement {
  let position = 0
  const text = sql.replaceAll('?', () => `$${++position}`)
  const full = `denizen_${name}`
  if (!names.has(text) && [...names.values()].includes(full)) throw new TypeError(`Two statements are called ${name}.`)
  names.set(text, full)
  return { text }
}

/**
 * An array of ids whose length PostgreSQL does not know. With a known length, a custom plan always looks much cheaper than the generic
 * one, so PostgreSQL would plan every call anew, at ten times the cost of reading. A test in `packages/runtime/src/postgres.test.ts`
 * checks `pg_prepared_statements`.
 */
export const idArray = 'array(select unnest(?::uuid[]))'

/** Runs a statement, in the transaction of `em` if there is one. */
export async function runStatement<Row extends object>(
  em: SqlEntityManager,
  { text }: Statement,
  parameters: readonly unknown[],
): Promise<Row[]> {
  logged(em, text)
  const { rows } = await em.getKysely().executeQuery<Row>(CompiledQuery.raw(text, [...parameters]))
  return rows
}

/** Bounded by the connected databases. */
const pipelining = new WeakSet<object>()

/**
 * Declares that a database's driver supports pipeline mode: it sends statements of one transaction before earlier ones are answered, and
 * keeps their order.
 */
export function enablePipelineMode({ em }: { readonly em: SqlEntityManager }): void {
  pipelining.add(em.getConnection())
}

/**
 * Sends a statement in pipeline mode, without waiting for its answer: the next statement of the transaction goes into the same message.
 * The caller waits for both. Drivers without pipeline mode answer it first: pg's own queue is deprecated and goes away with pg 9.
 */
export async function sendStatement<Row extends object>(
  em: SqlEntityManager,
  { text }: Statement,
  parameters: readonly unknown[],
): Promise<{ readonly answer: Promise<{ readonly rows: readonly Row[] }> }> {
  logged(em, text)
  return em
    .getKysely()
    .getExecutor()
    .provideConnection(async (connection) => {
      const answer = connection.executeQuery<Row>(CompiledQuery.raw(text, [...parameters]))
      const heard = answer.catch(() => {}) // it may fail before anybody awaits it
      if (!pipelining.has(em.getConnection())) await heard
      return { answer }
    })
}

/** The last answer of several pipelined statements, or the error of the first that failed: the later ones fail because of it. */
export async function lastOfPipeline<T>(...asked: readonly [...before: Promise<unknown>[], last: Promise<T>]): Promise<T> {
  const failed = (await Promise.allSettled(asked)).find((settled) => settled.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return asked[asked.length - 1] as Promise<T>
}

/** Tells MikroORM's log of queries, which does not see what is sent past it. */
export function logged({ config }: Pick<SqlEntityManager, 'config'>, query: string): void {
  const logger = config.getLogger()
  if (logger.isEnabled('query')) logger.logQuery({ query, level: 'info' })
}
