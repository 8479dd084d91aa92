import { setTimeout as sleep } from 'node:timers/promises'
import { anonymousActor, completed, createCore, defaultPorts, userActor } from '@denizen/core'
import type { MikroORM } from '@mikro-orm/postgresql'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pinoLogger } from './logger.ts'
import { connectPostgres, type Timeouts } from './postgres.ts'
import { testDatabase, type TestDatabase } from './testing/postgres.ts'
import { openProxy, type TestProxy } from './testing/proxy.ts'

const logger = pinoLogger('silent')
let database: TestDatabase
let proxy: TestProxy
let orm: MikroORM | null = null

beforeEach(async () => {
  database = await testDatabase()
  proxy = await openProxy(database.url)
}, 60_000)
afterEach(async () => {
  await orm?.close(true)
  orm = null
  await proxy.close()
  await database.drop()
})

async function open(limits: Partial<Timeouts>, poolSize = 2): Promise<MikroORM> {
  orm = await connectPostgres({ url: proxy.url, poolSize, logger, limits })
  return orm
}

function ask(on: MikroORM, statement: string): Promise<unknown> {
  return on.em.getConnection().execute(statement)
}

/** How long it took to fail, in milliseconds; NaN when it did not. */
async function failsAfter(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  return work.then(
    () => Number.NaN,
    () => performance.now() - startedAt,
  )
}

test('57: a statement that takes too long ends', async () => {
  const on = await open({ statement: 200 })
  expect(await failsAfter(ask(on, 'select pg_sleep(5)'))).toBeLessThan(1000)
  expect(await ask(on, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('57: who finds all connections taken waits a bounded time', async () => {
  const on = await open({ connect: 200 })
  const busy = [ask(on, 'select pg_sleep(0.8)'), ask(on, 'select pg_sleep(0.8)')]
  expect(await failsAfter(ask(on, 'select 1'))).toBeLessThan(600)
  await Promise.all(busy)
  expect(await ask(on, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('an idle transaction is ended, and its locks with it', async () => {
  const on = await open({ idleInTransaction: 200 })
  await ask(on, 'create table locked (id int)')
  const idle = on.em.fork().transactional(async (em) => {
    await em.execute('lock table locked')
    await sleep(600)
    await em.execute('select 1')
  })
  const ended = failsAfter(idle)
  await sleep(300)
  expect(await ask(on, 'select count(*)::int as count from locked')).toEqual([{ count: 0 }])
  expect(await ended).toBeLessThan(2000)
})

test('55: connections cut without a word fail, leave the pool, and work resumes when the network does', async () => {
  const on = await open({ connect: 300, statement: 300, silence: 500 })
  await Promise.all([ask(on, 'select 1'), ask(on, 'select 1')])
  proxy.break('silenced')
  const failures = await Promise.all([1, 2, 3, 4].map(() => failsAfter(ask(on, 'select 1'))))
  for (const ms of failures) expect(ms).toBeLessThan(1500)
  proxy.mend()
  expect(await ask(on, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('55: a closed connection fails what runs on it and nothing after', async () => {
  const on = await open({})
  const running = failsAfter(ask(on, 'select pg_sleep(5)'))
  await sleep(100)
  proxy.break('closed')
  expect(await running).toBeLessThan(1000)
  proxy.mend()
  expect(await ask(on, 'select 1 as one')).toEqual([{ one: 1 }])
})

test.each(['closed', 'silenced'] as const)(
  'transactions whose connection is %s give their places in the pool back',
  async (how) => {
    const on = await open({ connect: 500, silence: 500 })
    for (let round = 0; round < 3; round++) {
      const transactions = [1, 2].map(() =>
        on.em.fork().transactional(async (em) => {
          await em.execute('select 1')
          await sleep(100)
          await em.execute('select 1')
        }),
      )
      const failed = transactions.map(failsAfter)
      await sleep(50)
      proxy.break(how)
      for (const ms of await Promise.all(failed)) expect(ms).toBeLessThan(3000)
      proxy.mend()
      const [one, two] = [ask(on, 'select pg_backend_pid() as pid'), ask(on, 'select pg_backend_pid() as pid')]
      expect(await one).not.toEqual(await two)
    }
  },
  15_000,
)

test('refuses a database that does not exist', async () => {
  const url = database.url.replace(/[^/]+$/, 'nothing_here')
  const opened = connectPostgres({ url, poolSize: 1, logger }).then((on) => on.close(true))
  await expect(opened).rejects.toMatchObject({ code: 'request.databaseUnavailable' })
})

test('each connection prepares the busiest statements once, and a new one does so again', async () => {
  const on = await open({}, 1)
  await on.migrator.up()
  const core = createCore({ orm: on, ports: await defaultPorts(new Uint8Array(32).fill(7)) })
  const fail = () => core.as(anonymousActor).auth.signIn({ identifier: 'nobody', password: 'wrong' })
  const prepared = () => ask(on, `select name, (generic_plans + custom_plans)::int as runs from pg_prepared_statements order by name`)
  // Whether somebody has to wait is asked before the password is checked, and again under the lock.
  const names = ['password_by_username', 'record', 'standing', 'throttle_lock', 'throttle_look', 'throttle_look', 'users_change'].map(
    (name) => `denizen_${name}`,
  )
  const onceEach = (runs: number) =>
    [...new Set(names)].map((name) => ({ name, runs: runs * names.filter((each) => each === name).length }))
  for (let runs = 1; runs <= 3; runs++) {
    await expect(fail()).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    expect(await prepared()).toEqual(onceEach(runs))
  }
  await ask(on, 'select pg_terminate_backend(pg_backend_pid())').catch(() => undefined)
  await expect.poll(() => fail().catch(({ code }: { code: string }) => code)).toBe('auth.invalidCredentials')
  expect(await prepared()).toEqual(onceEach(1))
})

test('what every command of a user sends is planned once for a connection, not each time', async () => {
  const on = await open({}, 1)
  await on.migrator.up()
  const core = createCore({ orm: on, ports: await defaultPorts(new Uint8Array(32).fill(7)) })
  const password = 'correct horse battery staple'
  await core.bootstrap({ username: 'admin', password })
  const { accessToken } = completed(await core.as(anonymousActor).auth.signIn({ identifier: 'admin', password }))
  const principal = await core.authenticate(accessToken)
  if (principal === null) throw new Error('The token opens nothing.')
  for (let number = 0; number < 12; number++) await core.as(userActor(principal)).users.create({ username: `user-${number}` })
  const plans = await ask(
    on,
    `select name, custom_plans::int as custom from pg_prepared_statements where generic_plans + custom_plans > 10 order by name`,
  )
  // PostgreSQL tries five plans for the values at hand before it keeps one.
  const sent = ['account', 'actor_share', 'principals', 'record'].map((name) => ({ name: `denizen_${name}`, custom: 5 }))
  expect(plans).toEqual(expect.arrayContaining(sent))
})
