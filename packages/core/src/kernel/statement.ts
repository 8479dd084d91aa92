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

/**
 * Ids that a statement is given, as an array of whose length PostgreSQL knows nothing. For one whose length it knows, a
 * plan for that call always seems so much cheaper than the plan that is kept that it makes one at every call, which costs
 * ten times the reading. A test in `packages/runtime/src/postgres.test.ts` looks at `pg_prepared_statements`.
 */
export const idArray = 'array(select unnest(?::uuid[]))'

/** Runs a statement, in the transaction of `em` if it has one. */
export async function runStatement<Row extends object>(
  em: SqlEntityManager,
  { text }: Statement,
  parameters: readonly unknown[],
): Promise<Row[]> {
  logged(em, text)
  const { rows } = await em.getKysely().executeQuery<Row>(CompiledQuery.raw(text, [...parameters]))
  return rows
}

const pipelining = new WeakSet<object>()

/** Declares that the driver of a database takes statements of one transaction before it has answered those that were asked for earlier, and keeps their order. */
export function enablePipelineMode({ em }: { readonly em: SqlEntityManager }): void {
  pipelining.add(em.getConnection())
}

/**
 * Hands a statement of the transaction of `em` to a driver that takes several together, and does not wait for its answer:
 * what is asked of the transaction next is sent behind it in the same message. Whoever calls waits for both. Other
 * drivers answer one before they are asked the next: pg warns of a queue of its own, and will have none (pg 9).
 */
export async function sendStatement(
  em: SqlEntityManager,
  { text }: Statement,
  parameters: readonly unknown[],
): Promise<{ readonly answer: Promise<unknown> }> {
  logged(em, text)
  return em
    .getKysely()
    .getExecutor()
    .provideConnection(async (connection) => {
      const answer = connection.executeQuery(CompiledQuery.raw(text, [...parameters]))
      const heard = answer.catch(() => {}) // it may fail before anybody waits for it
      if (!pipelining.has(em.getConnection())) await heard
      return { answer }
    })
}

/** The last of several things that were asked for one after another without waiting; or the error of the first that failed, for those behind it failed because of it. */
export async function lastOfPipeline<T>(...asked: readonly [...before: Promise<unknown>[], last: Promise<T>]): Promise<T> {
  const failed = (await Promise.allSettled(asked)).find((settled) => settled.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return asked[asked.length - 1] as Promise<T>
}

function logged(em: SqlEntityManager, query: string): void {
  const logger = em.config.getLogger()
  if (logger.isEnabled('query')) logger.logQuery({ query, level: 'info' })
}
