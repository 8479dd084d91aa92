import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { lease, openFeeds, until, type Feeds } from '../../packages/runtime/src/testing/feed.ts'
import { openProxy } from '../../packages/runtime/src/testing/proxy.ts'

/** The feed's promises in milliseconds; what it does is tested in packages/runtime. */
let feeds: Feeds
beforeAll(async () => {
  feeds = await openFeeds()
})
afterEach(() => feeds.clear())
afterAll(() => feeds.close())

describe('the feed of a quiet machine', () => {
  test('drops within 100 ms in normal operation, at the 99th percentile of 200, and loses nothing', async () => {
    const { cache, feed } = await feeds.follow()
    const delays: number[] = []
    for (let trial = 0; trial < 200; trial++) delays.push(await feeds.servedAfterRevoking(cache, `user:${randomUUID()}`))
    const [p99 = Number.NaN] = delays.toSorted((a, b) => b - a).slice(1)
    expect(p99).toBeLessThan(100)
    expect([cache.clears, feed.state().losses]).toEqual([1, 0])
  })

  test('hears within 600 ms by polling alone, and keeps the lease without a gap', async () => {
    const { cache } = await feeds.follow()
    const key = `user:${randomUUID()}`
    const revokedAt = await feeds.revoke(key, false)
    await until('the key being dropped', () => cache.dropped.has(key))
    expect((cache.dropped.get(key) ?? Number.NaN) - revokedAt).toBeLessThan(600)
    await sleep(1500)
    const gaps = cache.leases.slice(1).map(({ at }, index) => at - (cache.leases[index]?.asOf ?? 0))
    expect(Math.max(...gaps)).toBeLessThan(lease)
  })

  test('reads the table at once after an empty notification, for more keys than one holds', async () => {
    const { cache } = await feeds.follow()
    await sleep(20) // right after a heartbeat, so that the next is far
    await feeds.insert(feeds.writer, 'user:many')
    await feeds.writer.query(`select pg_notify('denizen_invalidation', '')`)
    const sentAt = performance.now()
    await until('the key being dropped', () => cache.dropped.has('user:many'))
    expect(performance.now() - sentAt).toBeLessThan(150)
  })

  test('serves nothing for longer than 1 s when its backend is killed, and loses one connection by it', async () => {
    const { cache, feed } = await feeds.follow()
    await feeds.killBackends()
    expect(await feeds.servedAfterRevoking(cache, 'user:duringLoss')).toBeLessThan(1000)
    await until('the feed being back', () => cache.clears === 2 && cache.mayServe)
    expect(feed.state()).toMatchObject({ connected: true, losses: 1 })
  })

  test.each(['closed', 'silenced'] as const)('serves nothing for longer than 1 s when the connection is %s', async (how) => {
    const proxy = await openProxy(feeds.url)
    const { cache } = await feeds.follow(proxy.url)
    proxy.break(how)
    expect(await feeds.servedAfterRevoking(cache, 'user:unheard')).toBeLessThan(1000)
    proxy.mend()
    const mendedAt = performance.now()
    await until('a new lease', () => cache.mayServe)
    expect(performance.now() - mendedAt).toBeLessThan(4000)
    expect(cache.clears).toBe(2)
    await proxy.close()
  })
})
