import { sql, type RawBuilder } from 'kysely'
import { escapeLike } from '../../text/index.ts'

/** A piece of SQL with its parameters. */
export type Sql = RawBuilder<unknown>

/** All of the conditions; true if there are none. */
export function allOf(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? sql`true` : sql`(${sql.join(parts, sql` and `)})`
}

/** At least one of the conditions; false if there are none. */
export function anyOf(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? sql`false` : sql`(${sql.join(parts, sql` or `)})`
}

/** The LIKE pattern for texts that begin with this. */
export function prefixPattern(text: string): string {
  return `${escapeLike(text)}%`
}

/** The LIKE pattern for texts that contain this. */
export function containsPattern(text: string): string {
  return `%${escapeLike(text)}%`
}

/** Whether the trigram index can find the text: it needs three letters or digits in a row. */
export function hasTrigram(text: string): boolean {
  return /[\p{L}\p{N}]{3}/u.test(text)
}

/** Hand-written SQL with a `?` for each value, as a query with parameters. */
export function withParameters(text: string, ...values: readonly unknown[]): Sql {
  const [first = '', ...others] = text.split('?')
  return sql.join([sql.raw(first), ...others.map((other, index) => sql`${values[index]}${sql.raw(other)}`)], sql``)
}
