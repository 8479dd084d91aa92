import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase, type Database } from './database.ts'
import { pinoLogger } from './logger.ts'
import { testDatabase, type TestDatabase } from './testing/postgres.ts'

const silent = pinoLogger('silent')

async function count({ orm }: Pick<Database, 'orm'>, statement: string): Promise<number> {
  const [row]: { count: number }[] = await orm.em.getConnection().execute(`select count(*)::int as count from (${statement}) as found`)
  return row?.count ?? Number.NaN
}

const tables = `select from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`

describe('migrations on PostgreSQL', () => {
  let server: TestDatabase
  const opened: Database[] = []
  const open = async (): Promise<Database> => {
    const database = await openDatabase(
      { database: { kind: 'postgres', url: server.url, directUrl: null, schema: 'public' }, poolSize: 2 },
      silent,
    )
    opened.push(database)
    return database
  }
  beforeEach(async () => {
    server = await testDatabase()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()))
    await server.drop()
  })

  test('status and plan only read', async () => {
    const database = await open()
    const { applied, pending, unknown } = await database.migrations.status()
    expect(applied).toEqual([])
    expect(unknown).toEqual([])
    const plan = await database.migrations.plan()
    expect(plan.map(({ name }) => name)).toEqual(pending)
    expect(plan[0]?.statements.join('\n')).toContain('create table "users"')
    expect(await count(database, tables)).toBe(0)
  })

  test('go up once, and down to nothing and up again', async () => {
    const { migrations, orm } = await open()
    const { pending } = await migrations.status()
    expect(await migrations.up()).toEqual(pending)
    expect(await migrations.up()).toEqual([])
    expect(await migrations.status()).toEqual({ applied: pending, pending: [], unknown: [] })
    await migrations.down('0')
    expect(await migrations.status()).toEqual({ applied: [], pending, unknown: [] })
    expect(await count({ orm }, `${tables} and relname <> 'denizen_migrations'`)).toBe(0)
    expect(await migrations.up()).toEqual(pending)
  })

  test('run once when several processes start at once', async () => {
    const databases = await Promise.all([open(), open(), open()])
    const applied = await Promise.all(databases.map(({ migrations }) => migrations.up()))
    const [first] = databases
    expect(applied.flat()).toEqual((await first?.migrations.status())?.applied)
  })

  test('53: refuse a database that a newer Denizen has migrated, and leave it as it is', async () => {
    const { migrations, orm } = await open()
    await migrations.up()
    await orm.em.getConnection().execute(`insert into denizen_migrations (name, executed_at) values ('9999-future', now())`)
    const error: unknown = await migrations.up().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'database.newer', details: { unknown: ['9999-future'] } })
    expect(error).toMatchObject({ message: expect.stringContaining('Start the newer one') })
    await expect(migrations.plan()).rejects.toMatchObject({ code: 'database.newer' })
    await expect(migrations.down('0')).rejects.toMatchObject({ code: 'database.newer' })
    expect((await migrations.status()).applied).toContain('9999-future')
  })
})

test('migrations on PGlite: status, up, down', async () => {
  const database = await openDatabase({ database: { kind: 'memory' }, poolSize: 1 }, silent)
  const { pending } = await database.migrations.status()
  expect(await database.migrations.up()).toEqual(pending)
  expect(await database.migrations.down()).toEqual(pending.slice(-1))
  expect((await database.migrations.status()).pending).toEqual(pending.slice(-1))
  await database.close()
})

test('openDatabase says that a server cannot be reached', async () => {
  const database = { kind: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none', directUrl: null, schema: 'public' } as const
  await expect(openDatabase({ database, poolSize: 1 }, silent)).rejects.toMatchObject({ code: 'request.databaseUnavailable' })
})
