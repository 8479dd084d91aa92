import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { between } from '../../scripts/docs/markers.ts'
import { drawTables, readSchema, type Schema } from '../../scripts/docs/tables.ts'
import { openDatabase, type SystemDatabase } from '../database.ts'

let database: SystemDatabase
let schema: Schema
beforeAll(async () => {
  database = await openDatabase()
  schema = await readSchema((statement) => database.rows(statement))
})
afterAll(() => database.close())

test('the pictures of the tables are those of the database: otherwise run npm run generate', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/architecture.md'), 'utf8')
  expect(between(page, 'tables').inside.trim()).toBe(drawTables(schema))
})

test('a new table, and one that is gone, have to be given a place', () => {
  const column = { table: 'coupons', name: 'id', type: 'uuid', primary: true, foreign: false }
  expect(() => drawTables({ ...schema, keyColumns: [...schema.keyColumns, column] })).toThrow('coupons')
  const withoutTeams = schema.keyColumns.filter(({ table }) => table !== 'teams')
  expect(() => drawTables({ ...schema, keyColumns: withoutTeams })).toThrow('teams')
})
