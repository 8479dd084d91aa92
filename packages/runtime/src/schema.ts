import { escapeLiteral } from 'pg'
import { quoteIdentifier } from './client-config.ts'

/** Two processes at once: the second waits for the first, and then fails on the catalogue. */
const madeMeanwhile: ReadonlySet<unknown> = new Set(['23505', '42P06'])

/**
 * Makes a schema where there is none; where it is there, the right to make schemas is not needed. `if not exists` alone does not help two
 * processes that start on a new database at once.
 * @param run a statement, outside of transactions; gives its rows
 */
export async function ensureSchema(run: (sql: string) => Promise<readonly unknown[]>, name: string): Promise<void> {
  const found = await run(`select 1 from pg_namespace where nspname = ${escapeLiteral(name)}`)
  if (found.length > 0) return
  await run(`create schema if not exists ${quoteIdentifier(name)}`).catch((error: { readonly code?: unknown }) => {
    if (!madeMeanwhile.has(error.code)) throw error
  })
}
