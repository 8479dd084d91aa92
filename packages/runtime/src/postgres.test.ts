import { anonymousActor, completed, createCore, defaultPorts, userActor } from '@denizen/core'
import type { MikroORM } from '@mikro-orm/postgresql'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, scaled, within } from '../../../tests/deadlines.ts'
import { pinoLogger } from './logger.ts'
import { connectPostgres, findPostgres, type Timeouts } from './postgres.ts'
import { placeAt, testDatabase, type TestDatabase } from './testing/postgres.ts'
import { openProxy, type TestProxy } from './testing/proxy.ts'

const logger = pinoLogger('silent')
/** Milliseconds: far more than what is configured below, far less than what would be waited for without. */
const deadline = 20_000
let database: TestDatabase
let proxy: TestProxy
let orm: MikroORM | null = null

beforeEach(async () => {
  database = await testDatabase({ migrated: true })
  proxy = await openProxy(database.url)
})
afterEach(async () => {
  await orm?.close(true)
  orm = null
  await proxy.close()
  await database.drop()
})

async function open(limits: Partial<Timeouts>, poolSize = 2): Promise<MikroORM> {
  orm = await connectPostgres({ place: placeAt(proxy.url), poolSize, logger, limits })
  return orm
}

function ask(on: MikroORM, statement: string): Promise<unknown> {
  return on.em.getConnection().execute(statement)
}

/** Waits until a connection is in the middle of such a statement. */
async function underWay(statement: string): Promise<void> {
  const watcher = new Client({ connectionString: database.url })
  await watcher.connect()
  await eventually(deadline, `"${statement}" being under way`, async () => {
    const { rowCount } = await watcher.query(
      `select from pg_stat_activity where datname = current_database() and state = 'active' and query = $1`,
      [statement],
    )
    return rowCount === 1
  })
  await watcher.end()
}

/** It has to fail, and not after as long as what it waits for would take. */
async function fails(what: string, work: Promise<unknown>): Promise<void> {
  const outcome = work.then(
    () => null,
    (error: unknown) => error,
  )
  expect(await within(deadline, what, outcome)).toBeInstanceOf(Error)
}

test('57: a statement that takes too long ends', async () => {
  const on = await open({ statement: scaled(200) })
  await fails('the end of the statement', ask(on, 'select pg_sleep(600)'))
  expect(await ask(on, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('57: who finds all connections taken waits a bounded time', async () => {
  const on = await open({ connect: scaled(500) })
  const [begun, done] = [[Promise.withResolvers<void>(), Promise.withResolvers<void>()], Promise.withResolvers<void>()]
  const busy = begun.map(({ resolve }) =>
    on.em.fork().transactional(async (em) => {
      await em.execute('select 1')
      resolve()
      await done.promise
    }),
  )
  await Promise.all(begun.map(({ promise }) => promise))
  await fails('the end of the wait', ask(on, 'select 1'))
  done.resolve()
  await Promise.all(busy)
  expect(await ask(on, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('an idle transaction is ended, and its locks with it', async () => {
  const on = await open({ idleInTransaction: scaled(200), statement: scaled(10_000), silence: scaled(15_000) })
  await ask(on, 'create table locked (id int)')
  const [locked, counted] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const idle = on.em.fork().transactional(async (em) => {
    await em.execute('lock table locked')
    locked.resolve()
    await counted.promise
    await em.execute('select 1')
  })
  const ended = fails('the end of the transaction', idle)
  await locked.promise
  expect(await ask(on, 'select count(*)::int as count from locked')).toEqual([{ count: 0 }])
  counted.resolve()
  await ended
})

test('55: connections cut without a word fail, leave the pool, and work resumes when the network does', async () => {
  const on = await open({ connect: scaled(300), statement: scaled(300), silence: scaled(500) })
  await Promise.all([ask(on, 'select 1'), ask(on, 'select 1')])
  proxy.break('silenced')
  await Promise.all([1, 2, 3, 4].map((number) => fails(`the failure of statement ${number}`, ask(on, 'select 1'))))
  proxy.mend()
  expect(await ask(on, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('55: a closed connection fails what runs on it and nothing after', async () => {
  const on = await open({ statement: scaled(60_000), silence: scaled(65_000) })
  const statement = 'select pg_sleep(600)'
  const running = fails('the failure of what runs', ask(on, statement))
  await underWay(statement)
  proxy.break('closed')
  await running
  proxy.mend()
  expect(await ask(on, 'select 1 as one')).toEqual([{ one: 1 }])
})

test.each(['closed', 'silenced'] as const)('transactions whose connection is %s give their places in the pool back', async (how) => {
  const on = await open({ connect: scaled(500), silence: scaled(500) })
  for (let round = 0; round < 3; round++) {
    const broken = Promise.withResolvers<void>()
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const failed = begun.map(({ resolve }) =>
      fails(
        'the failure of a transaction',
        on.em.fork().transactional(async (em) => {
          await em.execute('select 1')
          resolve()
          await broken.promise
          await em.execute('select 1')
        }),
      ),
    )
    await Promise.all(begun.map(({ promise }) => promise))
    proxy.break(how)
    broken.resolve()
    await Promise.all(failed)
    proxy.mend()
    expect(await atTheSameTime(on, 2)).toBe(2)
  }
})

/** How many connections so many transactions have that are all open at once. */
async function atTheSameTime(on: MikroORM, count: number): Promise<number> {
  const all = Promise.withResolvers<void>()
  const connections = new Set<unknown>()
  const transactions = Array.from({ length: count }, () =>
    on.em.fork().transactional(async (em) => {
      const [row] = await em.execute<{ pid: number }[]>('select pg_backend_pid() as pid')
      connections.add(row?.pid)
      if (connections.size === count) all.resolve()
      await all.promise
    }),
  )
  await within(deadline, `${count} transactions at once`, Promise.all(transactions))
  return connections.size
}

test('refuses a database that does not exist', async () => {
  const url = database.url.replace(/[^/]+$/, 'nothing_here')
  await expect(findPostgres({ url })).rejects.toMatchObject({
    code: 'database.refused',
    message: expect.stringMatching(/"nothing_here" does not exist\. [^]*: createdb --host=\S+ --port=\d+ --owner=\S+ nothing_here$/),
  })
})

test.each([
  [
    'a port where nothing listens',
    'postgres://u:canary@127.0.0.1:1/users',
    /at 127\.0\.0\.1:1\/users cannot be reached: connect ECONNREFUSED/,
  ],
  [
    'a host that is not there',
    'postgres://u:canary@db.invalid/users',
    /at db\.invalid:5432\/users cannot be reached: \S+ (ENOTFOUND|EAI_AGAIN)/,
  ],
])('whoever starts on %s is told where and why, and not to try again', async (_, url, message) => {
  const error: unknown = await findPostgres({ url }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'request.databaseUnavailable', message: expect.stringMatching(message) })
  expect(String(error)).not.toMatch(/canary|in a moment/)
})

test('each connection prepares the busiest statements once, and a new one does so again', async () => {
  const on = await open({}, 1)
  const core = createCore({ orm: on, ports: await defaultPorts(new Uint8Array(32).fill(7)) })
  const fail = () => core.as(anonymousActor).auth.signIn({ identifier: 'nobody', password: 'wrong' })
  // Which kinds of imported hashes are held is asked once a minute, not at each attempt.
  const counted = `select name, (generic_plans + custom_plans)::int as runs from pg_prepared_statements where name <> 'denizen_password_kinds'`
  const prepared = () => ask(on, `${counted} order by name`)
  // Whether somebody has to wait is asked before the password is checked, and again under the lock; guesses at one account have another.
  const names = [
    'lock_one',
    'lock_one',
    'password_by_username',
    'sign_in_status',
    'throttle_look',
    'throttle_look',
    'throttle_look',
    'user_lock',
  ].map((name) => `denizen_${name}`)
  const onceEach = (runs: number) =>
    [...new Set(names)].map((name) => ({ name, runs: runs * names.filter((each) => each === name).length }))
  for (let runs = 1; runs <= 3; runs++) {
    await expect(fail()).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    expect(await prepared()).toEqual(onceEach(runs))
  }
  await ask(on, 'select pg_terminate_backend(pg_backend_pid())').catch(() => undefined)
  await eventually(deadline, 'a new connection', () =>
    fail().then(
      () => false,
      ({ code }: { code: string }) => code === 'auth.invalidCredentials',
    ),
  )
  expect(await prepared()).toEqual(onceEach(1))
})

test('what every command of a user sends is planned once for a connection, not each time', async () => {
  const on = await open({}, 1)
  const core = createCore({ orm: on, ports: await defaultPorts(new Uint8Array(32).fill(7)) })
  const password = 'correct horse battery staple'
  await core.bootstrap({ username: 'admin', password })
  const { accessToken } = completed(await core.as(anonymousActor).auth.signIn({ identifier: 'admin', password }))
  const principal = await core.authenticate(accessToken)
  if (principal === null) throw new Error('The token opens nothing.')
  const { users, organizations } = core.as(userActor(principal))
  const { userId } = principal
  const { id: organizationId } = await organizations.create({ name: 'Acme' })
  for (let number = 0; number < 12; number++) {
    await users.create({ username: `user-${number}` })
    await users.update({ userId, displayName: `User ${number}`, preferences: { number }, allowedIps: [`10.0.0.${number}`] })
    await organizations.update({ organizationId, name: `Acme ${number}` })
  }
  const changed = { displayName: 'User 11', preferences: { number: 11 }, allowedIps: ['10.0.0.11/32'], version: 13 }
  expect(await users.get({ userId })).toMatchObject(changed)
  const plans = await ask(
    on,
    `select name, custom_plans::int as custom from pg_prepared_statements where generic_plans + custom_plans > 10 order by name`,
  )
  // PostgreSQL tries five plans for the values at hand before it keeps one. Users have many shapes, and other files may have used up their statements.
  const sent = ['account', 'actor_share', 'principals', 'record', 'user_change'].map((name) => ({ name: `denizen_${name}`, custom: 5 }))
  expect(plans).toEqual(expect.arrayContaining([...sent, { name: expect.stringMatching(/^denizen_update_organizations_\d+$/), custom: 5 }]))
})
