import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { completed, systemActor } from '@denizen/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig, type Config } from './config.ts'
import { pinoLogger } from './logger.ts'
import { maintenanceJobs } from './maintenance.ts'
import { createRuntime, type Runtime } from './runtime.ts'
import { testDatabase, type TestDatabase } from './testing/postgres.ts'

const operator = systemActor('runtime test')
const password = 'correct horse battery staple'
const logger = pinoLogger('silent')
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
    config = readConfig({ DENIZEN_DATA_DIR: directory })
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  test('starts, keeps what was done over a restart, and starts again in less than 2 s', async () => {
    const first = await start(config)
    const ada = await first.core.as(operator).users.create({ username: 'ada', password })
    await first.stop()
    const startedAt = performance.now()
    const second = await start(config)
    expect(performance.now() - startedAt).toBeLessThan(2000)
    expect(await second.core.as(operator).users.find({ identifier: 'ada' })).toEqual(ada)
    expect(await second.core.isReady()).toBe(true)
  }, 30_000)

  test('tells subscribers of events', async () => {
    const told: string[] = []
    const subscriber = { name: 'welcome', event: 'users.created', handle: async ({ type }: { type: string }) => void told.push(type) }
    const runtime = await createRuntime(config, { logger, subscribers: [subscriber] })
    running.push(runtime)
    await runtime.start()
    await runtime.core.as(operator).users.create({ username: 'ada', password })
    for (let wait = 0; wait < 100 && told.length === 0; wait++) await sleep(50)
    expect(told).toEqual(['users.created'])
  }, 30_000)

  test('54: refuses a second process and says where the first serves', async () => {
    const first = await start(config)
    first.announce('http://127.0.0.1:4321')
    await expect(createRuntime(config, { logger })).rejects.toMatchObject({
      code: 'database.locked',
      details: { pid: process.pid, url: 'http://127.0.0.1:4321' },
    })
  }, 30_000)

  test('lets go of everything when it was never started', async () => {
    const idle = await createRuntime(config, { logger })
    await idle.stop()
    await idle.stop()
    const next = await createRuntime(config, { logger })
    expect(next.database.kind).toBe('embedded')
    await next.stop()
  }, 30_000)
})

describe('on PostgreSQL', () => {
  let server: TestDatabase
  let config: Config
  beforeEach(async () => {
    server = await testDatabase()
    const DENIZEN_MASTER_KEY = Buffer.alloc(32, 1).toString('base64url')
    config = readConfig({ DATABASE_URL: server.url, DENIZEN_MASTER_KEY, DENIZEN_POOL_SIZE: '4' })
  }, 60_000)
  afterEach(async () => {
    await Promise.all(running.splice(0).map((runtime) => runtime.stop()))
    await server.drop()
  })

  test('two start at once on an empty database; who is suspended in one is refused in the other', async () => {
    const [here, there] = await Promise.all([start(config), start(config)])
    const calls = here.core.as(operator)
    await calls.users.create({ username: 'ada', password })
    const { accessToken, user } = completed(await calls.auth.signIn({ identifier: 'ada', password }))
    expect(await there.core.authenticate(accessToken)).toMatchObject({ username: 'ada' })
    expect(there.core.authenticated(accessToken)).toBeDefined()
    await calls.users.setStatus({ userId: user.id, status: 'suspended', reason: 'test' })
    const suspendedAt = performance.now()
    while (there.core.authenticated(accessToken) !== undefined) {
      if (performance.now() - suspendedAt > 1000) throw new Error('still served after a second')
      await sleep(2)
    }
    expect(await there.core.authenticate(accessToken)).toBeNull()
    const text = await here.metrics.expose()
    expect(text).toContain('denizen_actions_total{action="users.create",kind="command",outcome="ok",actor="system"} 1')
    expect(text).toContain('denizen_invalidation_connected 1')
  }, 30_000)

  test('maintenance makes partitions and forgets what is old', async () => {
    const { core, database } = await start(config)
    const connection = database.orm.em.getConnection()
    await connection.execute(`insert into invalidations (id, keys, created_at) values
      (gen_random_uuid(), '{user:old}', now() - interval '61 minutes'), (gen_random_uuid(), '{user:new}', now() - interval '59 minutes')`)
    await connection.execute(`insert into idempotency_keys (scope, key, action, fingerprint, created_at) values
      ('s', 'old', 'a', 'f', now() - interval '25 hours'), ('s', 'new', 'a', 'f', now() - interval '23 hours')`)
    await connection.execute(`insert into throttles (key, failures, last_failure_at) values
      ('old', 1, now() - interval '25 hours'), ('new', 1, now() - interval '23 hours')`)
    await connection.execute(`drop table events_${new Date().toISOString().slice(0, 7).replace('-', '_')}`)
    const jobs = maintenanceJobs({ orm: core.orm, clock: core.ports.clock, logger })
    for (const job of jobs) await job.run({})
    for (const job of jobs) await job.run({})
    expect(await connection.execute('select keys[1] as key from invalidations')).toEqual([{ key: 'user:new' }])
    expect(await connection.execute('select key from idempotency_keys')).toEqual([{ key: 'new' }])
    expect(await connection.execute('select key from throttles')).toEqual([{ key: 'new' }])
    const [partition] = await connection.execute(
      `select to_regclass('events_' || to_char(now() at time zone 'utc', 'YYYY_MM')) is not null as there`,
    )
    expect(partition).toEqual({ there: true })
  }, 30_000)
})
