import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { completed, systemActor } from '@denizen/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import { readConfig, type Config } from './config.ts'
import { pinoLogger } from './logger.ts'
import { createRuntime, type Runtime } from './runtime.ts'
import { unpackCluster } from './testing/cluster.ts'
import { testDatabase, type TestDatabase } from './testing/postgres.ts'

const operator = systemActor('runtime test')
const password = 'correct horse battery staple'
const logger = pinoLogger('silent')
const DENIZEN_MASTER_KEY = Buffer.alloc(32, 1).toString('base64url')
const running: Runtime[] = []

async function start(config: Config): Promise<Runtime> {
  const runtime = await createRuntime(config, { logger })
  running.push(runtime)
  await runtime.start()
  return runtime
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((runtime) => runtime.stop()))
})

describe('on the embedded database', () => {
  let directory: string
  let config: Config
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'denizen-runtime-'))
    unpackCluster(directory)
    config = readConfig({ DENIZEN_DATA_DIR: directory, DENIZEN_MASTER_KEY })
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  test('starts, and keeps what was done over a restart', async () => {
    const first = await start(config)
    const ada = await first.core.as(operator).users.create({ username: 'ada', password })
    await first.stop()
    const second = await start(config)
    expect(await second.core.as(operator).users.find({ identifier: 'ada' })).toEqual(ada)
    expect(await second.core.unreadiness()).toBeNull()
  })

  test('tells subscribers of events', async () => {
    const told: string[] = []
    const subscriber = { name: 'welcome', event: 'users.created', handle: async ({ type }: { type: string }) => void told.push(type) }
    const runtime = await createRuntime(config, { logger, subscribers: [subscriber] })
    running.push(runtime)
    await runtime.start()
    await runtime.core.as(operator).users.create({ username: 'ada', password })
    await eventually(15_000, 'the subscriber being told', async () => told.length > 0)
    expect(told).toEqual(['users.created'])
  })

  test('54: refuses a second process and says where the first serves', async () => {
    const first = await start(config)
    first.announce('http://127.0.0.1:4321')
    await expect(createRuntime(config, { logger })).rejects.toMatchObject({
      code: 'database.locked',
      details: { pid: process.pid, url: 'http://127.0.0.1:4321' },
    })
  })

  test('lets go of everything when it was never started', async () => {
    const idle = await createRuntime(config, { logger })
    await idle.stop()
    await idle.stop()
    const next = await createRuntime(config, { logger })
    expect(next.database.kind).toBe('embedded')
    await next.stop()
  })
})

describe('on PostgreSQL', () => {
  let server: TestDatabase
  let config: Config
  async function open({ migrated }: { migrated: boolean }): Promise<void> {
    server = await testDatabase({ migrated })
    config = readConfig({ DATABASE_URL: server.url, DENIZEN_MASTER_KEY, DENIZEN_POOL_SIZE: '4' })
  }
  afterEach(async () => {
    await Promise.all(running.splice(0).map((runtime) => runtime.stop()))
    await server.drop()
  })

  test('two start at once on an empty database; who is suspended in one is refused in the other', async () => {
    await open({ migrated: false })
    const [here, there] = await Promise.all([start(config), start(config)])
    const calls = here.core.as(operator)
    await calls.users.create({ username: 'ada', password })
    const { accessToken, user } = completed(await calls.auth.signIn({ identifier: 'ada', password }))
    expect(await there.core.authenticate(accessToken)).toMatchObject({ username: 'ada' })
    // What it keeps in memory counts for less than a second: on a slow machine that may be over when it is asked.
    await eventually(15_000, 'the token being known from memory', async () => {
      await there.core.authenticate(accessToken)
      return there.core.authenticated(accessToken) !== undefined
    })
    await calls.users.setStatus({ userId: user.id, status: 'suspended', reason: 'test' })
    await eventually(15_000, 'the token being served no more', async () => there.core.authenticated(accessToken) === undefined, 2)
    expect(await there.core.authenticate(accessToken)).toBeNull()
    expect(await here.metrics.expose()).toContain(
      'denizen_actions_total{action="users.create",kind="command",outcome="ok",actor="system"} 1',
    )
    await eventually(15_000, 'the feed being connected', async () =>
      (await here.metrics.expose()).includes('denizen_invalidation_connected 1'),
    )
  })

  test('a database in plain C, whose locale cannot be changed later, is warned of at the start', async () => {
    server = await testDatabase({ locale: 'C' })
    config = readConfig({ DATABASE_URL: server.url, DENIZEN_MASTER_KEY, DENIZEN_POOL_SIZE: '4' })
    const warnings: string[] = []
    const runtime = await createRuntime(config, { logger: { ...logger, warn: (message) => void warnings.push(message) } })
    running.push(runtime)
    await runtime.start()
    expect(warnings).toEqual([expect.stringContaining('knows the letters A to Z only')])
    const calls = runtime.core.as(operator)
    await calls.users.create({ username: 'ada', fullName: 'Ärztin' })
    expect((await calls.users.search({ query: 'ärzt' })).items, 'users are found all the same').toHaveLength(1)
  })

  test('maintenance makes partitions and forgets what is old', async () => {
    await open({ migrated: true })
    const { core, database } = await start(config)
    const connection = database.orm.em.getConnection()
    await connection.execute(`insert into invalidations (id, keys, created_at) values
      (gen_random_uuid(), '{user:old}', now() - interval '61 minutes'), (gen_random_uuid(), '{user:new}', now() - interval '59 minutes')`)
    await connection.execute(`insert into idempotency_keys (scope, key, action, fingerprint, created_at) values
      ('s', 'old', 'a', 'f', now() - interval '25 hours'), ('s', 'new', 'a', 'f', now() - interval '23 hours')`)
    await connection.execute(`insert into throttles (key, failures, last_failure_at) values
      ('old', 1, now() - interval '25 hours'), ('new', 1, now() - interval '23 hours')`)
    await connection.execute(`drop table events_${new Date().toISOString().slice(0, 7).replace('-', '_')}`)
    const { jobs } = core.as(operator)
    for (const { name } of (await jobs.list({})).jobs) {
      const { run } = await jobs.run({ job: name })
      const isOver = async () => (await jobs.history({ job: name })).items.some(({ id, endedAt }) => id === run.id && endedAt !== null)
      await eventually(30_000, `${name} is done`, isOver, 100)
    }
    expect((await jobs.history({ state: 'failed' })).items).toEqual([])
    expect(await connection.execute('select keys[1] as key from invalidations')).toEqual([{ key: 'user:new' }])
    expect(await connection.execute('select key from idempotency_keys')).toEqual([{ key: 'new' }])
    expect(await connection.execute('select key from throttles')).toEqual([{ key: 'new' }])
    const [partition] = await connection.execute(
      `select to_regclass('events_' || to_char(now() at time zone 'utc', 'YYYY_MM')) is not null as there`,
    )
    expect(partition).toEqual({ there: true })
  })
})
