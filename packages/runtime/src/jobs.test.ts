import { setTimeout as sleep } from 'node:timers/promises'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { jobQueueContract } from '@denizen/core/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import { openDatabase, type Database } from './database.ts'
import { bossJobs, type JobDefinition, type Jobs } from './jobs.ts'
import { pinoLogger } from './logger.ts'
import { testDatabase, type TestDatabase } from './testing/postgres.ts'

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
