import type { Dictionary, EntityMetadata } from '@mikro-orm/core'
import type { AbstractSqlDriver, SqlEntityManager } from '@mikro-orm/sql'
import { CompiledQuery, type Kysely } from 'kysely'
import { logged, statement, type Statement } from '../kernel/statement.ts'

/**
 * Further statements of a table are written as MikroORM does: every connection keeps the plans of those that it sent. Whoever patches a row chooses which
 * columns change together.
 */
const mostOfTable = 32

/** By table, one for the columns that change together, by its text with `?` for parameters. Bounded by the tables and `mostOfTable`. */
const statements = new Map<string, Map<string, Statement>>()

/**
 * Lets MikroORM write a changed row by a prepared statement; for databases whose driver can prepare. By itself it writes the values into the
 * text, which PostgreSQL then parses and plans anew for each row, for longer than the write takes.
 */
export function enablePreparedWrites({ em }: { readonly em: SqlEntityManager }): void {
  const driver = em.getDriver() as AbstractSqlDriver
  const usual = driver.nativeUpdate.bind(driver)
  driver.nativeUpdate = async (entity, where, data, options = {}) => {
    // Only what the unit of work has converted for the database.
    const isConverted = options.convertCustomTypes === false && options.upsert !== true
    const row = { meta: driver.getMetadata().get(entity) as EntityMetadata, where: where as Dictionary, data: data as Dictionary }
    const update = isConverted ? updateOf(driver, row, driver.getTableName(row.meta, options)) : null
    if (update === null) return usual(entity, where, data, options)
    const connection = (options.ctx ?? driver.getConnection('write').getClient()) as Kysely<unknown>
    logged(em, update.text)
    const written = connection.executeQuery<Dictionary>(CompiledQuery.raw(update.text, update.parameters))
    const { rows } = await written.catch((error: Error) => Promise.reject(driver.convertException(error)))
    return { affectedRows: rows.length, insertId: 0 as never, row: rows[0] ?? {}, rows }
  }
}

/** A row to write, as the unit of work has it: values of its properties. */
interface ChangedRow {
  readonly meta: EntityMetadata
  readonly where: Dictionary
  readonly data: Dictionary
}

interface Update extends Statement {
  readonly parameters: unknown[]
}

/** null: it is not one row by its key, or there are too many statements. */
function updateOf(driver: AbstractSqlDriver, { meta, where, data }: ChangedRow, table: string): Update | null {
  const [set, by] = [Object.entries(data), Object.entries(where)]
  const [key] = meta.primaryKeys
  if (set.length === 0 || key === undefined || meta.primaryKeys.length > 1 || !(key in where)) return null
  if (![...set, ...by].every(([name, value]) => meta.properties[name]?.fieldNames.length === 1 && isValue(value))) return null
  const platform = driver.getPlatform()
  const quoted = (name: string) => platform.quoteIdentifier(meta.properties[name]?.fieldNames[0] ?? name)
  const version = meta.versionProperty === undefined || meta.versionProperty in data ? null : quoted(meta.versionProperty)
  const changes = [...set.map(([name]) => `${quoted(name)} = ?`), ...(version === null ? [] : [`${version} = ${version} + 1`])]
  const conditions = by.map(([name]) => `${quoted(name)} = ?`)
  const sql = `update ${table} set ${changes.join(', ')} where ${conditions.join(' and ')} returning ${version ?? '1'}`
  const prepared = statementOf(meta.tableName, sql)
  if (prepared === null) return null
  return { ...prepared, parameters: [...set, ...by].map(([, value]) => (value instanceof Date ? value.toISOString() : value)) }
}

/** Arrays and documents are texts by now. Other objects are left to MikroORM. */
function isValue(value: unknown): boolean {
  return value === null || value instanceof Date || ['string', 'number', 'boolean'].includes(typeof value)
}

function statementOf(table: string, sql: string): Statement | null {
  const ofTable = statements.get(table) ?? new Map<string, Statement>()
  statements.set(table, ofTable)
  const known = ofTable.get(sql)
  if (known !== undefined) return known
  if (ofTable.size === mostOfTable) return null
  const made = statement(`update_${table}_${ofTable.size}`, sql)
  ofTable.set(sql, made)
  return made
}
