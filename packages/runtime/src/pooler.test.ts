import { anonymousActor, completed, systemActor, userActor, type Core } from '@denizen/core'
import { Client, escapeIdentifier } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { pinoLogger } from './logger.ts'
import { createRuntime, type Runtime } from './runtime.ts'
import { openPooler, type TestPooler } from './testing/pooler.ts'
import { testDatabase, type TestDatabase } from './testing/postgres.ts'

const logger = pinoLogger('silent')
const password = 'correct horse battery staple'
let database: TestDatabase
let pooler: TestPooler | null = null
let runtime: Runtime | null = null

async function administer(statement: (name: string) => string): Promise<unknown[]> {
  const client = new Client({ connectionString: database.url })
  await client.connect()
  try {
    return (await client.query(statement(escapeIdentifier(new URL(database.url).pathname.slice(1))))).rows
  } finally {
    await client.end()
  }
}

/** What an operator in another country, or of another application, has set. */
const foreignDefaults = {
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  bytea_output: 'escape',
  search_path: 'pg_catalog',
  default_transaction_isolation: 'serializable',
  statement_timeout: '1h',
  extra_float_digits: '-10',
}

beforeEach(async () => {
  database = await testDatabase({ migrated: true })
  for (const [name, value] of Object.entries(foreignDefaults)) await administer((on) => `alter database ${on} set ${name} to '${value}'`)
})
afterEach(async () => {
  await runtime?.stop()
  await pooler?.close()
  runtime = pooler = null
  await database.drop()
})

async function start(url: string, settings: Readonly<Record<string, string>> = {}): Promise<Runtime> {
  const DENIZEN_MASTER_KEY = Buffer.alloc(32, 7).toString('base64url')
  runtime = await createRuntime(readConfig({ DATABASE_URL: url, DENIZEN_MASTER_KEY, DENIZEN_POOL_SIZE: '4', ...settings }), { logger })
  await runtime.start()
  return runtime
}

/** People sign in, look at themselves, and change something, all at once. */
async function use(core: Core): Promise<void> {
  const user = await core.as(systemActor('test')).users.create({ username: 'ada', password })
  await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const { accessToken, session } = completed(await core.as(anonymousActor).auth.signIn({ identifier: user?.id ?? '', password }))
      expect(session.expiresAt.getTime()).toBeGreaterThan(Date.now())
      const principal = await core.authenticate(accessToken)
      if (principal === null) throw new Error('a new token opens nothing')
      const { users } = core.as(userActor(principal))
      await users.updateCurrent({ displayName: `Ada ${index}` })
      expect((await users.current({})).user).toMatchObject({ username: 'ada' })
      expect((await core.as(systemActor('test')).users.search({ query: 'ad' })).items).toHaveLength(1)
    }),
  )
}

const shown = `select current_setting('DateStyle') as dates, current_setting('statement_timeout') as timeout, current_setting('transaction_isolation') as isolation`

describe('65: a database with other defaults', () => {
  test('C5: dates, intervals, zone, search path and limits of its own are not ours', async () => {
    const { core, database: opened } = await start(database.url)
    await use(core)
    expect(await opened.orm.em.getConnection().execute(shown)).toEqual([{ dates: 'ISO, MDY', timeout: '10s', isolation: 'read committed' }])
  })

  test('R5: a pooler in session mode works, also for migrations, and keeps the limits', async () => {
    await database.drop()
    database = await testDatabase()
    pooler = await openPooler(database.url, 'session')
    const { core, database: opened } = await start(pooler.url)
    await use(core)
    expect(await opened.orm.em.getConnection().execute(shown)).toEqual([{ dates: 'ISO, MDY', timeout: '10s', isolation: 'read committed' }])
    expect(
      await administer(
        () =>
          `select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
      ),
    ).toEqual([])
  })

  test('R5: a pooler in transaction mode is refused, and works with a direct URL for the rest', async () => {
    pooler = await openPooler(database.url, 'transaction')
    await expect(start(pooler.url)).rejects.toMatchObject({
      code: 'database.pooled',
      message: expect.stringContaining('DENIZEN_DATABASE_DIRECT_URL'),
    })
    await expect(start(pooler.url, { DENIZEN_DATABASE_DIRECT_URL: pooler.url })).rejects.toMatchObject({ code: 'database.pooled' })
    const { core, database: opened } = await start(pooler.url, { DENIZEN_DATABASE_DIRECT_URL: database.url })
    await use(core)
    expect(core.cacheState().live).toBe(true)
    const inTransaction = opened.orm.em.fork().transactional((em) => em.execute(shown))
    for (const rows of [await inTransaction, await opened.orm.em.getConnection().execute(shown)])
      expect(rows).toMatchObject([{ dates: 'ISO, MDY', timeout: '10s' }])
    const prepared = await opened.orm.em.getConnection().execute('select name from pg_prepared_statements')
    expect(prepared).toEqual([])
    const apart = await administer(
      () =>
        `select distinct application_name as name from pg_stat_activity where datname = current_database() and application_name ~ '^denizen' order by 1`,
    )
    expect(apart).toEqual([{ name: 'denizen invalidation' }, { name: 'denizen jobs' }])
  })
})
