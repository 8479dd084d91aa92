import { randomUUID } from 'node:crypto'
import { systemClock, type FeedSink, type Logger } from '@denizen/core'
import { Client } from 'pg'
import { eventually } from '../../../../tests/deadlines.ts'
import { postgresFeed, type PostgresFeed } from '../invalidation.ts'
import { placeAt, testDatabase } from './postgres.ts'

export const clock = systemClock
export const lease = 750
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Does what core's cache does with the feed: an entry is served until it is dropped, and no longer than the lease. */
export class Cache implements FeedSink {
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

/** Waits until the condition holds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  await eventually(15_000, what, async () => condition(), 2)
}

/** A database with the invalidations table, a writer, and feeds that follow it. */
export async function openFeeds() {
  const database = await testDatabase()
  const connect = async (): Promise<Client> => {
    const made = new Client({ connectionString: database.url })
    made.on('error', () => {})
    await made.connect()
    return made
  }
  const writer = await connect()
  await writer.query(`create table invalidations (id uuid primary key, xid xid8 not null default pg_current_xact_id(),
    keys text[] not null, created_at timestamptz not null default now())`)
  const feeds: PostgresFeed[] = []
  const insert = (by: Client, key: string) => by.query('insert into invalidations (id, keys) values ($1, $2)', [randomUUID(), [key]])
  /** Writes an invalidation as a command does; returns the time at which its caller knows. */
  const revoke = async (key: string, notify = true): Promise<number> => {
    await writer.query('begin')
    await insert(writer, key)
    if (notify) await writer.query(`select pg_notify('denizen_invalidation', $1)`, [key])
    await writer.query('commit')
    return clock.monotonic()
  }
  return {
    url: database.url,
    writer,
    connect,
    insert,
    revoke,
    async follow(url = database.url): Promise<{ cache: Cache; feed: PostgresFeed }> {
      const cache = new Cache()
      const feed = postgresFeed({ place: placeAt(url), clock, logger: silent })
      feeds.push(feed)
      await feed.open(cache)
      return { cache, feed }
    },
    /** Invalidates an entry of the cache; returns for how many milliseconds after that it could still be served. */
    async servedAfterRevoking(cache: Cache, key: string): Promise<number> {
      cache.held.add(key)
      const revokedAt = await revoke(key)
      await until(`${key} being served no more`, () => !(cache.held.has(key) && cache.mayServe))
      return clock.monotonic() - revokedAt
    },
    /** Ends the backends that feeds listen on. */
    killBackends: () =>
      writer.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'denizen invalidation' and datname = current_database()`,
      ),
    async clear(): Promise<void> {
      await Promise.all(feeds.splice(0).map((feed) => feed.close()))
      await writer.query('truncate invalidations')
    },
    async close(): Promise<void> {
      await writer.end()
      await database.drop()
    },
  }
}

export type Feeds = Awaited<ReturnType<typeof openFeeds>>
