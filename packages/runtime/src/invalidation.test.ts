import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { postgresFeed } from './invalidation.ts'
import { Cache, clock, openFeeds, silent, until, type Feeds } from './testing/feed.ts'
import { placeAt } from './testing/postgres.ts'
import { openProxy } from './testing/proxy.ts'

// How quick it is, in milliseconds, is measured in tests/system/invalidation-timing.test.ts.
let feeds: Feeds
beforeAll(async () => {
  feeds = await openFeeds()
})
afterEach(() => feeds.clear())
afterAll(() => feeds.close())

describe('postgresFeed', () => {
  test('is caught up and renewed when open resolves', async () => {
    const startedAt = clock.monotonic()
    const { cache } = await feeds.follow()
    expect(cache.clears).toBe(1)
    expect(cache.asOf).toBeGreaterThanOrEqual(startedAt)
  })

  test('drops what is revoked, each by itself, and forgets nothing else', async () => {
    const { cache, feed } = await feeds.follow()
    const keys = Array.from({ length: 20 }, () => `user:${randomUUID()}`)
    for (const key of keys) {
      await feeds.revoke(key)
      await until('the key being dropped', () => cache.dropped.has(key))
    }
    expect([...cache.dropped.keys()]).toEqual(keys)
    expect(cache.clears).toBe(1 + feed.state().losses)
  })

  test('hears by polling alone', async () => {
    const { cache } = await feeds.follow()
    const key = `user:${randomUUID()}`
    await feeds.revoke(key, false)
    await until('the key being dropped', () => cache.dropped.has(key))
  })

  test('takes an empty notification, for more keys than one holds, for no key: it reads the table', async () => {
    const { cache } = await feeds.follow()
    await feeds.insert(feeds.writer, 'user:many')
    await feeds.writer.query(`select pg_notify('denizen_invalidation', '')`)
    await until('the key being dropped', () => cache.dropped.has('user:many'))
    expect([...cache.dropped.keys()]).toEqual(['user:many'])
  })

  test('misses nothing that commits out of order, nor waits for a transaction that stays open', async () => {
    const { cache } = await feeds.follow()
    const [slow, slower] = [await feeds.connect(), await feeds.connect()]
    for (const each of [slow, slower]) await each.query('begin')
    await feeds.insert(slow, 'user:slow')
    await feeds.insert(slower, 'user:slower')
    await feeds.revoke('user:quick', false)
    await until('the quick one', () => cache.dropped.has('user:quick'))
    const { length: polls } = cache.leases
    await until('polls that pass both by', () => cache.leases.length >= polls + 2)
    await slower.query('commit')
    await until('the slower one', () => cache.dropped.has('user:slower'))
    expect(cache.dropped.has('user:slow')).toBe(false)
    await slow.query('commit')
    await until('the slow one', () => cache.dropped.has('user:slow'))
    await Promise.all([slow.end(), slower.end()])
  })

  test('tells nothing of what was rolled back', async () => {
    const { cache } = await feeds.follow()
    await feeds.writer.query('begin')
    await feeds.insert(feeds.writer, 'user:rolledBack')
    await feeds.writer.query(`select pg_notify('denizen_invalidation', 'user:rolledBack')`)
    await feeds.writer.query('rollback')
    await feeds.revoke('user:committed', false)
    await until('the committed one', () => cache.dropped.has('user:committed'))
    expect(cache.dropped.has('user:rolledBack')).toBe(false)
  })

  test('survives a killed backend: clears, renews and hears again', async () => {
    const { cache, feed } = await feeds.follow()
    await feeds.killBackends()
    await feeds.servedAfterRevoking(cache, 'user:duringLoss')
    await until('the feed being back', () => feed.state().losses > 0 && cache.clears === 1 + feed.state().losses && cache.mayServe)
    await feeds.revoke('user:after')
    await until('a key that is revoked after', () => cache.dropped.has('user:after'))
    expect(feed.state().connected).toBe(true)
  })

  test.each(['closed', 'silenced'] as const)('the lease is over when the connection is %s, and it comes back', async (how) => {
    const proxy = await openProxy(feeds.url)
    const { cache } = await feeds.follow(proxy.url)
    proxy.break(how)
    await feeds.servedAfterRevoking(cache, 'user:unheard')
    await until('the end of the lease', () => !cache.mayServe)
    const { length: leases } = cache.leases
    await sleep(800)
    expect([cache.mayServe, cache.leases.length]).toEqual([false, leases])
    const { clears } = cache
    proxy.mend()
    await until('a new lease', () => cache.mayServe)
    expect(cache.clears).toBeGreaterThan(clears)
    await feeds.revoke('user:again')
    await until('a key that is revoked after', () => cache.dropped.has('user:again'))
    await proxy.close()
  })

  test('open fails when the database cannot be reached, and close ends it', async () => {
    const feed = postgresFeed({ place: placeAt('postgres://postgres@127.0.0.1:1/none'), clock, logger: silent })
    await expect(feed.open(new Cache())).rejects.toMatchObject({ code: 'request.databaseUnavailable' })
    await feed.close()
  })

  test('is quiet after close', async () => {
    const { cache, feed } = await feeds.follow()
    await feed.close()
    const { length } = cache.leases
    await feeds.revoke('user:late')
    await sleep(400)
    expect(cache.leases).toHaveLength(length)
    expect(cache.dropped.size).toBe(0)
  })
})
