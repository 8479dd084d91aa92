import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { jobQueueContract } from '@denizen/core/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import { openDatabase, type Database } from './database.ts'
import { bossJobs, type JobDefinition, type Jobs } from './jobs.ts'
import { pinoLogger } from './logger.ts'
import { placeAt, testDatabase, type TestDatabase } from './testing/postgres.ts'

const logger = pinoLogger('silent')

async function until(what: string, condition: () => boolean): Promise<void> {
  await eventually(20_000, what, async () => condition(), 20)
}

describe.each(['postgres', 'memory'] as const)('bossJobs on %s', (kind) => {
  let server: TestDatabase | null = null
  let database: Database
  const started: Jobs[] = []

  beforeAll(async () => {
    server = kind === 'postgres' ? await testDatabase() : null
    const place =
      server === null ? ({ kind: 'memory' } as const) : ({ kind: 'postgres', url: server.url, directUrl: null, schema: 'public' } as const)
    database = await openDatabase({ database: place, poolSize: 2 }, logger)
  })
  afterEach(async () => {
    await Promise.all(started.splice(0).map((jobs) => jobs.stop(1)))
  })
  afterAll(async () => {
    await database.close()
    await server?.drop()
  })

  async function start(definitions: readonly JobDefinition[], working = true): Promise<Jobs> {
    const jobs = bossJobs({ database, definitions, logger, working })
    started.push(jobs)
    await jobs.start()
    return jobs
  }

  function transaction<T>(work: (em: SqlEntityManager) => Promise<T>): Promise<T> {
    return database.orm.em.fork().transactional((em) => work(em as SqlEntityManager))
  }

  // The contract looks at the queue while a transaction is open, which on PGlite would wait for that transaction.
  if (kind === 'postgres') {
    jobQueueContract(`bossJobs on ${kind}`, 'tests.contract', async () => ({
      jobs: await start([{ name: 'tests.contract', run: async () => {} }], false),
      em: () => database.orm.em.fork() as SqlEntityManager,
      async queued(name) {
        const rows: { data: Record<string, unknown> }[] = await database.orm.em
          .getConnection()
          .execute('select data from pgboss.job where name = ?', [name])
        return rows.map(({ data }) => data)
      },
    }))
  }

  test('does what was committed, never what was rolled back, nor before the commit', async () => {
    const done: unknown[] = []
    const jobs = await start([{ name: 'tests.record', run: async (payload) => void done.push(payload['number']) }])
    await expect(
      transaction(async (em) => {
        await jobs.enqueue(em, [{ name: 'tests.record', payload: { number: 1 } }])
        throw new Error('rolled back')
      }),
    ).rejects.toThrow('rolled back')
    await transaction(async (em) => {
      await jobs.enqueue(em, [
        { name: 'tests.record', payload: { number: 2 } },
        { name: 'tests.record', payload: { number: 3 } },
      ])
      await sleep(100)
      expect(done).toEqual([])
    })
    await until('both jobs being done', () => done.length >= 2)
    expect(new Set(done)).toEqual(new Set([2, 3]))
  })

  test('44: jobs that tell of somebody are forgotten in a transaction, also those that are over, and with their results', async () => {
    const done: unknown[] = []
    const jobs = await start([{ name: 'tests.forgotten', run: async ({ to }) => void done.push(to) }])
    const job = (to: string) => ({ name: 'tests.forgotten', payload: { to } })
    await transaction((em) => jobs.enqueue(em, [job('ada@example.com')]))
    await until('the job being done', () => done.length === 1)
    const count = async (text: string) => {
      const rows: unknown[] = await database.orm.em
        .getConnection()
        .execute(`select 1 from pgboss.job where name = 'tests.forgotten' and data::text like ?`, [`%${text}%`])
      return rows.length
    }
    const undone = transaction(async (em) => {
      expect(await jobs.forget(em, String.raw`ADA@example\.com`)).toBe(1)
      throw new Error('rolled back')
    })
    await expect(undone).rejects.toThrow('rolled back')
    expect(await count('ada')).toBe(1)
    expect(
      await transaction(async (em) => {
        await jobs.enqueue(em, [job('ada@example.com'), job('bob@example.com')])
        return jobs.forget(em, String.raw`ADA@example\.com`)
      }),
    ).toBe(2)
    expect([await count('ada'), await count('bob')]).toEqual([0, 1])
  })

  test('51: a failed job is done again', async () => {
    const attempts: number[] = []
    const jobs = await start([
      {
        name: 'tests.flaky',
        run: async () => {
          attempts.push(attempts.length)
          if (attempts.length === 1) throw new Error('not yet')
        },
      },
    ])
    await transaction((em) => jobs.enqueue(em, [{ name: 'tests.flaky', payload: {} }]))
    await until('the second attempt', () => attempts.length === 2)
  })

  test('R3: a job that takes long holds up itself, and one group never has all the places', async () => {
    const go = Promise.withResolvers<void>()
    const [begun, done]: [string[], string[]] = [[], []]
    const jobs = await start([
      {
        name: 'tests.waiting',
        run: async ({ who }) => {
          begun.push(String(who))
          if (who === 'slow') await go.promise
          done.push(String(who))
        },
      },
    ])
    const job = (who: string, more: object) => ({ name: 'tests.waiting', payload: { who }, ...more })
    await transaction((em) =>
      jobs.enqueue(em, [
        ...Array.from({ length: 30 }, () => job('slow', { group: 'flood' })),
        ...Array.from({ length: 30 }, () => job('low', { priority: -30 })),
        job('first', { priority: -1 }),
      ]),
    )
    // Thirty ways to be held up, and all others are done within seconds: by one a poll it would be a quarter of a minute.
    await until('all others being done', () => done.length === 31)
    expect(done.indexOf('first')).toBeLessThan(10)
    expect(begun.filter((who) => who === 'slow').length).toBeLessThan(10)
    go.resolve()
    await until('the slow ones being done', () => done.length === 61)
  })

  test.runIf(kind === 'postgres')(
    'R10: what a worker has that is not heard of any more, another one does within a minute',
    { timeout: 90_000 },
    async () => {
      let done = 0
      const jobs = await start([{ name: 'tests.killed', run: async () => void done++ }], false)
      await transaction((em) => jobs.enqueue(em, [{ name: 'tests.killed', payload: {} }]))
      // A worker that takes it and is killed at once.
      await transaction((em) =>
        em.execute(`update pgboss.job set state = 'active', started_on = now(), heartbeat_on = now() where name = 'tests.killed'`),
      )
      await start([{ name: 'tests.killed', run: async () => void done++ }])
      await eventually(60_000, 'the job being done by another', async () => done === 1, 500)
    },
  )

  test('a job may take long: as long as its worker is heard of, no other gets it', async () => {
    const go = Promise.withResolvers<void>()
    let begun = 0
    const jobs = await start([{ name: 'tests.long', run: () => (begun++, go.promise) }])
    await transaction((em) => jobs.enqueue(em, [{ name: 'tests.long', payload: {} }]))
    await until('the job being begun', () => begun === 1)
    const rows = await transaction((em) => em.execute(`select expire_seconds as seconds from pgboss.job where name = 'tests.long'`))
    expect(rows).toEqual([{ seconds: 24 * 60 * 60 - 1 }])
    go.resolve()
  })

  test('R3: what is discarded is queued and never done', async () => {
    let done = 0
    const jobs = await start([{ name: 'tests.discarded', discarded: true, run: async () => void done++ }])
    await transaction((em) => jobs.enqueue(em, [{ name: 'tests.discarded', payload: {} }]))
    await sleep(600)
    expect(done).toBe(0)
  })

  test('stop waits for what runs', async () => {
    const go = Promise.withResolvers<void>()
    let [began, ended, stopped] = [false, false, false]
    const jobs = await start([
      {
        name: 'tests.slow',
        run: async () => {
          began = true
          await go.promise
          ended = true
        },
      },
    ])
    await transaction((em) => jobs.enqueue(em, [{ name: 'tests.slow', payload: {} }]))
    await until('the job being begun', () => began)
    const stopping = jobs.stop(60).then(() => (stopped = true))
    await sleep(300)
    expect([ended, stopped]).toEqual([false, false])
    go.resolve()
    await stopping
    expect(ended).toBe(true)
  })

  test('who only queues leaves the work to others', async () => {
    const done: string[] = []
    const definition = (who: string): JobDefinition => ({ name: 'tests.shared', run: async () => void done.push(who) })
    const queueing = await start([definition('queueing')], false)
    await transaction((em) => queueing.enqueue(em, [{ name: 'tests.shared', payload: {} }]))
    await start([definition('working')])
    await until('the job being done', () => done.length > 0)
    expect(done).toEqual(['working'])
  })

  test('refuses to queue without a transaction, and for a queue nobody knows', async () => {
    const jobs = await start([], false)
    const job = { name: 'tests.unknown', payload: {} }
    await expect(jobs.enqueue(database.orm.em.fork() as SqlEntityManager, [job])).rejects.toThrow('in a transaction')
    await expect(transaction((em) => jobs.enqueue(em, [job]))).rejects.toThrow('no job named tests.unknown')
  })
})

test('R7: a connection that breaks while it is set up fails what wanted it, and not the process', async () => {
  // It lets everybody in, and leaves at the first statement.
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.from('520000000800000000' + '5a0000000549', 'hex')) // AuthenticationOk, ReadyForQuery
      socket.once('data', () => socket.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const place = placeAt(`postgresql://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/none`)
  const database = { kind: 'postgres', place } as Database
  const jobs = bossJobs({ database, definitions: [], logger, working: false })
  await expect(jobs.start()).rejects.toThrow('Connection terminated unexpectedly')
  await jobs.stop()
  await new Promise((resolve) => server.close(resolve))
})
