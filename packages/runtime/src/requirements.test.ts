import { randomBytes } from 'node:crypto'
import { systemActor } from '@denizen/core'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { pinoLogger } from './logger.ts'
import { createRuntime, type Runtime } from './runtime.ts'
import { testDatabase, type TestDatabase } from './testing/postgres.ts'

const logger = pinoLogger('silent')
const role = `denizen_role_${randomBytes(4).toString('hex')}`
let database: TestDatabase
let runtimes: Runtime[] = []

async function administer(...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: database.url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  await Promise.all(runtimes.splice(0).map((runtime) => runtime.stop()))
  await administer(
    `do $$ begin if exists (select from pg_roles where rolname = '${role}') then drop owned by ${role} cascade; drop role ${role}; end if; end $$`,
  )
  await database.drop()
})

async function start({ as, schema }: { readonly as?: string; readonly schema?: string } = {}): Promise<Runtime> {
  const url = new URL(database.url)
  if (as !== undefined) [url.username, url.password] = [as, 'secret']
  const DENIZEN_MASTER_KEY = Buffer.alloc(32, 7).toString('base64url')
  const given = { DATABASE_URL: url.href, DENIZEN_MASTER_KEY, ...(schema !== undefined && { DENIZEN_DATABASE_SCHEMA: schema }) }
  const runtime = await createRuntime(readConfig(given), { logger })
  runtimes.push(runtime)
  await runtime.start()
  return runtime
}

test('C8: a role that may not create is told what to grant, once for all, and starts when that was done', async () => {
  await administer(`create role ${role} login password 'secret'`)
  const statements = async (): Promise<readonly string[]> => {
    const error: unknown = await start({ as: role }).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (error === null) return []
    expect(error).toMatchObject({ code: 'database.grantMissing' })
    return (error as { details: { statements: string[] } }).details.statements
  }
  const missing = await statements()
  expect(missing).toEqual([
    `grant usage, create on schema "public" to "${role}"`,
    `create schema "pgboss" authorization "${role}"`,
    'create extension pg_trgm with schema "public"',
  ])
  await administer(...missing)
  expect(await statements()).toEqual([])
})

test('C8: pg_trgm in a schema of its own is found there', async () => {
  await administer('create schema "Extensions"', 'create extension pg_trgm with schema "Extensions"')
  const { core } = await start()
  await core.as(systemActor('test')).users.create({ username: 'ada' })
  expect((await core.as(systemActor('test')).users.search({ query: 'adaa' })).items).toHaveLength(1)
})

test('C1, R14: a database with tables of these names is refused with the way out, which any schema is', async () => {
  await administer('create table public.users (id int)', 'create schema pgboss', 'create table pgboss.job (id int)')
  await expect(start()).rejects.toMatchObject({
    code: 'database.foreign',
    details: { names: ['users', 'tables in pgboss'] },
    message: expect.stringContaining('DENIZEN_DATABASE_SCHEMA'),
  })
  const [one, other] = [await start({ schema: 'Denizen-1' }), await start({ schema: 'denizen' })]
  await one.core.as(systemActor('test')).users.create({ username: 'ada' })
  await other.core.as(systemActor('test')).users.create({ username: 'ada' })
  expect((await one.core.as(systemActor('test')).users.search({ query: 'ad' })).items).toHaveLength(1)
  expect(await one.database.migrations.status()).toMatchObject({ pending: [] })
  expect(await one.database.migrations.down('0')).not.toEqual([])
  expect(await other.database.migrations.status()).toMatchObject({ pending: [] })
  await administer('insert into public.users values (1)')
})
