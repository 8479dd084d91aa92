import { idOf, uuidOf, type Id } from '../kernel/id.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Excluded, Section, Written } from './held.ts'

/** Whose data is read, and for whom. */
export interface Export {
  readonly userId: Id<'usr'>
  /** Their address, if it is proved: what was sent to one that is not may be another person's. */
  readonly address: string | null
  /** Only what an administrator of this organization gets; null: everything. */
  readonly organizationId: Id<'org'> | null
  readonly excluded: readonly Excluded[]
  /** The most rows of a section. */
  readonly limit: number
}

const types = { person: 'uuid', id: 'text', address: 'text', organization: 'uuid', after: 'text', limit: 'int' } as const
type Place = keyof typeof types

/** A row as the database gives it, with the text of its key. */
export interface FoundRow extends JsonObject {
  key: string
}

/**
 * One statement that reads one or several sections, each into a column of JSON, and so all of them at the same moment. A section has one
 * row more than the limit where it goes on.
 * @param after the key of the row that the page before ended with, of one section
 */
export function statementFor(
  read: readonly (readonly [table: string, Section])[],
  { userId, address, organizationId, limit, excluded }: Export,
  after: string | null,
): { readonly sql: string; readonly parameters: readonly unknown[] } {
  const organization = organizationId === null ? null : uuidOf(organizationId)
  const values: Readonly<Record<Place, unknown>> = { person: uuidOf(userId), id: userId, address, organization, after, limit: limit + 1 }
  const parameters: unknown[] = []
  const columns = read.map(
    ([table, section]) => `(${rowsOf(table, writtenColumns(section, excluded), section, after !== null)}) as "${table}"`,
  )
  const sql = `select ${columns.join(',\n')}`.replaceAll(/\{(\w+)\}/g, (_, place: Place) => {
    parameters.push(values[place])
    return `?::${types[place]}`
  })
  return { sql, parameters }
}

/** What a caller gets of a section: how each field is written, and its SQL. */
function writtenColumns(section: Section, excluded: readonly Excluded[]): readonly (readonly [name: string, as: Written, sql: string])[] {
  const { shown, also = {}, notForAll = [] } = section
  const hidden = new Set(notForAll.flatMap((part) => (excluded.includes(part.for) ? part.columns : [])))
  return [
    ...Object.entries(shown).flatMap(([name, as]) => (hidden.has(name) ? [] : [[name, as, shownSql(section, name)] as const])),
    ...Object.entries(also).map(([name, [as, sql]]) => [name, as, sql] as const),
  ]
}

function rowsOf(table: string, written: ReturnType<typeof writtenColumns>, section: Section, goesOn: boolean): string {
  const { found, key, inOrganization = 'true' } = section
  const columns = written.map(([name, , sql]) => `${sql} as "${name}"`)
  const conditions = [
    `(${found})`,
    `({organization} is null or (${inOrganization}))`,
    ...(goesOn ? [`${key.sql} < {after}::${key.type}`] : []),
  ]
  return `select coalesce(json_agg(s), '[]') from (select ${key.sql} as key, ${columns.join(', ')} from ${table} t
    where ${conditions.join(' and ')} order by ${key.sql} desc limit {limit}) s`
}

function shownSql({ partly = [] }: Section, column: string): string {
  const where = partly.filter(({ columns }) => columns.includes(column)).map((part) => `(${part.where})`)
  return where.length === 0 ? `t."${column}"` : `case when ${where.join(' and ')} then t."${column}" end`
}

/** A row as it is exported: named as everywhere in answers, ids with their prefix, times in UTC. */
export function exportedRow(section: Section, excluded: readonly Excluded[], row: JsonObject): JsonObject {
  return Object.fromEntries(writtenColumns(section, excluded).map(([name, as]) => [camelCase(name), valueOf(as, row[name] ?? null)]))
}

type Value = JsonObject[string]

function valueOf(as: Written, value: Value): Value {
  if (value === null || as === 'value') return value
  if (Array.isArray(value)) return value.map((item) => valueOf(as, item))
  if (typeof value !== 'string') throw new TypeError(`A ${as} is text, not ${typeof value}.`)
  return as === 'time' ? new Date(value).toISOString() : idOf(as, value)
}

/** The name of a column in answers. */
export function camelCase(column: string): string {
  return column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}
