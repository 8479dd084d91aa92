import { Socket } from 'node:net'
import { preparedStatements } from '@denizen/core'
import { Pool, type PoolClient } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import { setUpPool } from './pool.ts'
import { testDatabase, type TestDatabase } from './testing/postgres.ts'

let messages = 0

class CountedSocket extends Socket {
  override _write(...parameters: Parameters<Socket['_write']>): void {
    messages++
    super._write(...parameters)
  }
  override _writev(...parameters: Parameters<NonNullable<Socket['_writev']>>): void {
    messages++
    super._writev?.(...parameters)
  }
}

let database: TestDatabase
let pool: Pool
let client: PoolClient
const user = '01900000-0000-7000-8000-000000000001'

beforeEach(async () => {
  database = await testDatabase()
  pool = new Pool({ connectionString: database.url, stream: () => new CountedSocket() })
  pool.on('error', () => {})
  setUpPool(null)(pool)
  client = await pool.connect()
  client.on('error', () => {})
  await client.query('create table numbers (n int primary key); create table users (id uuid primary key, note text)')
  await client.query('insert into users values ($1, $2)', [user, 'before'])
  messages = 0
})
afterEach(async () => {
  client.release(true)
  await pool.end()
  await database.drop()
})

const insert = 'insert into numbers values ($1::int) returning n'

async function numbers(): Promise<number[]> {
  const other = await pool.connect()
  try {
    return (await other.query<{ n: number }>('select n from numbers order by n')).rows.map(({ n }) => n)
  } finally {
    other.release()
  }
}

/** The statement that core names so; it is prepared when it is first sent. */
function named(name: string): string {
  for (const [text, given] of preparedStatements) if (given === name) return text
  throw new Error(`There is no statement ${name}.`)
}

test('a transaction takes one message for its beginning and first statement, one for its last and the commit', async () => {
  await client.query('begin')
  expect(messages).toBe(0)
  expect((await client.query(insert, [1])).rows).toEqual([{ n: 1 }])
  expect(messages).toBe(1)
  expect(await numbers()).toEqual([])
  messages = 0
  const [last, commit] = await Promise.all([client.query(insert, [2]), client.query('commit')])
  expect(messages).toBe(1)
  expect([last.rows, last.command, commit.command]).toEqual([[{ n: 2 }], 'INSERT', 'COMMIT'])
  expect(await numbers()).toEqual([1, 2])
})

test('after a statement that fails nothing that was sent with it is done, and it is not committed', async () => {
  await client.query('begin')
  await client.query(insert, [1])
  const results = await Promise.allSettled([
    client.query(insert, [2]),
    client.query(insert, [1]),
    client.query(insert, [3]),
    client.query('commit'),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected'])
  expect(results.slice(1)).toEqual(
    results.slice(1).map(() => expect.objectContaining({ reason: expect.objectContaining({ code: '23505' }) })),
  )
  await client.query('rollback')
  expect(await numbers()).toEqual([])
  expect((await client.query(insert, [4])).rows).toEqual([{ n: 4 }])
})

test('a rollback that is asked for with a statement that fails is done', async () => {
  await client.query('begin')
  const [failed] = await Promise.allSettled([client.query('select $1::int / 0', [1]), client.query('rollback')])
  expect(failed).toMatchObject({ status: 'rejected', reason: { code: '22012' } })
  await client.query(insert, [1])
  expect(await numbers()).toEqual([1])
})

test('a first statement that fails leaves the transaction to be rolled back', async () => {
  await client.query('begin')
  await expect(client.query(insert, ['none'])).rejects.toMatchObject({ code: '22P02' })
  await expect(client.query(insert, [1])).rejects.toMatchObject({ code: '25P02' })
  await client.query('rollback')
  expect(await numbers()).toEqual([])
})

test('a transaction that begins with several statements in one text has them all', async () => {
  await client.query('begin')
  await client.query('insert into numbers values (1); insert into numbers values (2)')
  expect(await numbers()).toEqual([])
  await client.query('commit')
  expect(await numbers()).toEqual([1, 2])
})

test('a transaction without statements is not sent, and the next one is', async () => {
  await client.query('begin')
  await client.query('commit')
  expect(messages).toBe(0)
  await client.query('begin')
  await client.query(insert, [1])
  await client.query('rollback')
  expect(await numbers()).toEqual([])
})

test('whoever waits for a lock reads what was committed meanwhile, also in the same message', async () => {
  const other = await pool.connect()
  await other.query('begin')
  await other.query('update users set note = $1', ['meanwhile'])
  await client.query('begin')
  const asked = Promise.all([
    client.query('select 1 from users where id = $1 for share', [user]),
    client.query('select note from users where id = $1', [user]),
  ])
  await eventually(15_000, 'the transaction waiting for the lock', async () => {
    const { rows } = await other.query<{ waits: boolean }>(
      `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits`,
    )
    return rows[0]?.waits
  })
  await other.query('commit')
  other.release()
  const [, read] = await asked
  expect(read.rows).toEqual([{ note: 'meanwhile' }])
  await client.query('commit')
})

test('a prepared statement that failed in company can be sent again, parsed or not', async () => {
  const lock = named('denizen_actor_share')
  const together = (id: string) => Promise.allSettled([client.query('select $1::int', [1]), client.query(lock, [id, 'a lock'])])
  await client.query('alter table users rename to others')
  expect((await together(user))[1]).toMatchObject({ reason: { code: '42P01' } })
  await client.query('alter table others rename to users')
  expect((await together('nobody'))[1]).toMatchObject({ reason: { code: '22P02' } })
  expect((await together(user))[1]).toMatchObject({ value: { rowCount: 1 } })
  const { rows } = await client.query('select count(*)::int as n from pg_prepared_statements where name = $1', ['denizen_actor_share'])
  expect(rows).toEqual([{ n: 1 }])
})

test('a value that cannot be written fails all that was to travel with it, and the connection', async () => {
  const unwritable = {
    toPostgres: () => {
      throw new TypeError('unwritable')
    },
  }
  const results = await Promise.allSettled([client.query(insert, [1]), client.query(insert, [unwritable]), client.query(insert, [2])])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(await numbers()).toEqual([])
})

test('a connection that is lost fails all that was sent together', async () => {
  await client.query('begin')
  const results = await Promise.allSettled([
    client.query(insert, [1]),
    client.query('select pg_terminate_backend($1)', [await pidOf()]),
    client.query('commit'),
  ])
  expect(results.at(-1)).toMatchObject({ status: 'rejected' })
  expect(await numbers()).toEqual([])
})

async function pidOf(): Promise<number> {
  return (client as unknown as { processID: number }).processID
}
