import { sql, type RawBuilder } from 'kysely'
import { escapeLike } from '../../kernel/text.ts'
import { folded } from '../../users/index.ts'

/** A piece of SQL with its parameters. */
export type Sql = RawBuilder<unknown>

/** Every one of them; with none of them true. */
export function allOf(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? sql`true` : sql`(${sql.join(parts, sql` and `)})`
}

/** One of them at least; with none of them false. */
export function anyOf(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? sql`false` : sql`(${sql.join(parts, sql` or `)})`
}

/** The pattern of LIKE for a text that begins so. */
export function beginningWith(text: string): string {
  return `${escapeLike(text)}%`
}

/** The pattern of LIKE for a text that holds this. */
export function holding(text: string): string {
  return `%${escapeLike(text)}%`
}

const [beforeFold, afterFold] = around(folded('?'))

/** A value or a pattern as texts are compared: see `folded`. */
export function foldedValue(text: string): Sql {
  return sql`${sql.raw(beforeFold)}${text}::text${sql.raw(afterFold)}`
}

/** Whether the trigram index can find the text: it knows three letters or digits in a row. */
export function hasTrigram(text: string): boolean {
  return /[\p{L}\p{N}]{3}/u.test(text)
}

/** A list as one parameter of type `text[]` or `uuid[]`: one parameter each would run out of numbers. */
export function arrayLiteral(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`
}

/** Hand-written SQL with a `?` for each of some values, with these in their places. */
export function withParameters(text: string, ...values: readonly unknown[]): Sql {
  const [first = '', ...others] = text.split('?')
  return sql.join([sql.raw(first), ...others.map((other, index) => sql`${values[index]}${sql.raw(other)}`)], sql``)
}

function around(text: string): readonly [before: string, after: string] {
  const at = text.indexOf('?')
  return [text.slice(0, at), text.slice(at + 1)]
}
