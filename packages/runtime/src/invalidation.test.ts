import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, type FeedSink, type Logger } from '@denizen/core'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { postgresFeed, type PostgresFeed } from './invalidation.ts'
import { testDatabase, type TestDatabase } from './testing/postgres.ts'
import { openProxy } from './testing/proxy.ts'

const clock = systemClock
const lease = 750
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

let database: TestDatabase
let writer: Client
let feeds: PostgresFeed[] = []

beforeAll(async () => {
  database = await testDatabase()
  writer = await client()
  await writer.query(`create table invalidations (id uuid primary key, xid xid8 not null default pg_current_xact_id(),
    keys text[] not null, created_at timestamptz not null default now())`)
}, 60_000)
beforeEach(() => writer.query('truncate invalidations'))
afterEach(async () => {
  await Promise.all(feeds.map((feed) => feed.close()))
  feeds = []
})
afterAll(async () => {
  await writer.end()
  await database.drop()
})

async function client(): Promise<Client> {
  const made = new Client({ connectionString: database.url })
  made.on('error', () => {})
  await made.connect()
  return made
}

/** What core's cache does with the feed: an entry is served until dropped or forgotten, and no longer than the lease. */
class Cache implements FeedSink {
  readonly held = new Set<string>()
  readonly dropped = new Map<string, number>()
  clears = 0
  asOf = Number.NEGATIVE_INFINITY
  readonly leases: { asOf: number; at: number }[] = []

  drop(keys: readonly string[]): void {
    for (const key of keys) {
      this.held.delete(key)
      if (!this.dropped.has(key)) this.dropped.set(key, clock.monotonic())
    }
  }
  clear(): void {
    this.held.clear()
    this.clears += 1
  }
  renew(asOf: number): void {
    this.asOf = asOf
    this.leases.push({ asOf, at: clock.monotonic() })
  }
  get mayServe(): boolean {
    return clock.monotonic() < this.asOf + lease
  }
}

async function follow(url = database.url): Promise<Cache> {
  const cache = new Cache()
  const feed = postgresFeed({ url, clock, logger: silent })
  feeds.push(feed)
  await feed.open(cache)
  return cache
}

async function insert(by: Client, key: string): Promise<void> {
  await by.query('insert into invalidations (id, keys) values ($1, $2)', [randomUUID(), [key]])
}

/** Revokes as a command does and gives the moment at which its caller knows. */
async function revoke(key: string, notify = true): Promise<number> {
  await writer.query('begin')
  await insert(writer, key)
  if (notify) await writer.query(`select pg_notify('denizen_invalidation', $1)`, [key])
  await writer.query('commit')
  return clock.monotonic()
}

async function until(condition: () => boolean, ms = 3000): Promise<void> {
  const deadline = clock.monotonic() + ms
  while (!condition()) {
    if (clock.monotonic() > deadline) throw new Error(`not within ${ms} ms: ${condition}`)
    await sleep(2)
  }
}

/** Revokes what the cache holds, and gives how long after that it could still be served. */
async function servedAfterRevoking(cache: Cache, key: string): Promise<number> {
  cache.held.add(key)
  const revokedAt = await revoke(key)
  await until(() => !(cache.held.has(key) && cache.mayServe), 2000)
  return clock.monotonic() - revokedAt
}

describe('postgresFeed', () => {
  test('is caught up and renewed when open resolves', async () => {
    const cache = await follow()
    expect(cache.clears).toBe(1)
    expect(cache.mayServe).toBe(true)
  })

  test('drops within 100 ms in normal operation, at the 99th percentile of 200', async () => {
    const cache = await follow()
    const delays: number[] = []
    for (let trial = 0; trial < 200; trial++) {
      delays.push(await servedAfterRevoking(cache, `user:${randomUUID()}`))
    }
    const [p99 = Number.NaN] = delays.toSorted((a, b) => b - a).slice(1)
    expect(p99).toBeLessThan(100)
    expect(cache.clears).toBe(1)
  }, 30_000)

  test('hears by polling alone, and keeps the lease without a gap', async () => {
    const cache = await follow()
    const key = `user:${randomUUID()}`
    const revokedAt = await revoke(key, false)
    await until(() => cache.dropped.has(key))
    expect((cache.dropped.get(key) ?? 0) - revokedAt).toBeLessThan(600)
    await sleep(1500)
    const gaps = cache.leases.slice(1).map(({ at }, index) => at - (cache.leases[index]?.asOf ?? 0))
    expect(Math.max(...gaps)).toBeLessThan(lease)
  })

  test('an empty notification, for more keys than one holds, is read from the table at once', async () => {
    const cache = await follow()
    await sleep(20) // right after a heartbeat, so that the next is far
    await insert(writer, 'user:many')
    await writer.query(`select pg_notify('denizen_invalidation', '')`)
    const sentAt = clock.monotonic()
    await until(() => cache.dropped.has('user:many'))
    expect((cache.dropped.get('user:many') ?? 0) - sentAt).toBeLessThan(150)
  })

  test('misses nothing that commits out of order, nor waits for a transaction that stays open', async () => {
    const cache = await follow()
    const [slow, slower] = [await client(), await client()]
    for (const each of [slow, slower]) await each.query('begin')
    await insert(slow, 'user:slow')
    await insert(slower, 'user:slower')
    await revoke('user:quick', false)
    await until(() => cache.dropped.has('user:quick'), 700)
    await sleep(600) // several polls pass both by
    await slower.query('commit')
    await until(() => cache.dropped.has('user:slower'), 700)
    await slow.query('commit')
    await until(() => cache.dropped.has('user:slow'), 700)
    await Promise.all([slow.end(), slower.end()])
  })

  test('tells nothing of what was rolled back', async () => {
    const cache = await follow()
    await writer.query('begin')
    await insert(writer, 'user:rolledBack')
    await writer.query(`select pg_notify('denizen_invalidation', 'user:rolledBack')`)
    await writer.query('rollback')
    await revoke('user:committed', false)
    await until(() => cache.dropped.has('user:committed'))
    expect(cache.dropped.has('user:rolledBack')).toBe(false)
  })

  test('survives a killed backend: clears, renews and hears again', async () => {
    const cache = await follow()
    await writer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'denizen invalidation' and datname = current_database()`,
    )
    expect(await servedAfterRevoking(cache, 'user:duringLoss')).toBeLessThan(1000)
    await until(() => cache.clears === 2 && cache.mayServe)
    await revoke('user:after')
    await until(() => cache.dropped.has('user:after'))
    expect(feeds[0]?.state()).toMatchObject({ connected: true, losses: 1 })
  })

  test.each(['closed', 'silenced'] as const)(
    'within 1 s the lease is over when the connection is %s, and it comes back',
    async (how) => {
      const proxy = await openProxy(database.url)
      const cache = await follow(proxy.url)
      proxy.break(how)
      expect(await servedAfterRevoking(cache, 'user:unheard')).toBeLessThan(1000)
      await sleep(800)
      expect(cache.mayServe).toBe(false)
      proxy.mend()
      await until(() => cache.mayServe, 4000)
      expect(cache.clears).toBe(2)
      await revoke('user:again')
      await until(() => cache.dropped.has('user:again'))
      await proxy.close()
    },
    15_000,
  )

  test('open fails when the database cannot be reached, and close ends it', async () => {
    const feed = postgresFeed({ url: 'postgres://postgres@127.0.0.1:1/none', clock, logger: silent })
    await expect(feed.open(new Cache())).rejects.toMatchObject({ code: 'request.databaseUnavailable' })
    await feed.close()
  })

  test('is quiet after close', async () => {
    const cache = await follow()
    await feeds[0]?.close()
    const { length } = cache.leases
    await revoke('user:late')
    await sleep(400)
    expect(cache.leases).toHaveLength(length)
    expect(cache.dropped.size).toBe(0)
  })
})
