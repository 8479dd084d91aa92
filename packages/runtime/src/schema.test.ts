import { Client, Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import { ensureSchema } from './schema.ts'
import { testDatabase, type TestDatabase } from './testing/postgres.ts'

let server: TestDatabase
beforeAll(async () => void (server = await testDatabase()))
afterAll(() => server.drop())

test('a schema that another process makes at the same moment is there, and no error', async () => {
  const pool = new Pool({ connectionString: server.url, max: 2 })
  const other = new Client({ connectionString: server.url })
  await other.connect()
  const run = async (sql: string) => (await pool.query<{ waiting: boolean }>(sql)).rows
  await other.query('begin; create schema "At once"')
  const made = ensureSchema(run, 'At once')
  const waits = `select exists (select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waiting`
  await eventually(10_000, 'the second waiting for the first', async () => (await run(waits))[0]?.waiting === true)
  await other.query('commit')
  await expect(made).resolves.toBeUndefined()
  await expect(ensureSchema(run, 'At once')).resolves.toBeUndefined()
  await Promise.all([pool.end(), other.end()])
})
