import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { lease, openFeeds, until, type Feeds } from '../../packages/runtime/src/testing/feed.ts'
import { openProxy } from '../../packages/runtime/src/testing/proxy.ts'
import { expectKept } from './promise.ts'

/** The feed's promises in milliseconds; what it does is tested in packages/runtime. */
let feeds: Feeds
beforeAll(async () => {
  feeds = await openFeeds()
})
afterEach(() => feeds.clear())
afterAll(() => feeds.close())

/** Something that takes less than so many milliseconds, or happens less often than so many times. */
interface Figure {
  readonly what: string
  readonly took: number
  readonly bound: number
  readonly unit?: 'ms' | 'times'
}

function expectWithin(context: TestContext, measure: () => Promise<readonly Figure[]>): Promise<void> {
  return expectKept(context, 'the feed', measure, (figures) =>
    figures
      .filter(({ took, bound }) => !(took < bound))
      .map(({ what, took, bound, unit = 'ms' }) => `${what}: ${took} of ${bound} ${unit}`),
  )
}

describe('the feed of a quiet machine', () => {
  test('drops within 100 ms in normal operation, at the 99th percentile of 200, and keeps its connection', (context) =>
    expectWithin(context, async () => {
      const { cache, feed } = await feeds.follow()
      const delays: number[] = []
      for (let trial = 0; trial < 200; trial++) delays.push(await feeds.servedAfterRevoking(cache, `user:${randomUUID()}`))
      const [p99 = Number.NaN] = delays.toSorted((a, b) => b - a).slice(1)
      const lost = cache.clears - 1 + feed.state().losses
      return [
        { what: 'the 99th percentile', took: p99, bound: 100 },
        { what: 'lost connections', took: lost, bound: 1, unit: 'times' },
      ]
    }))

  test('hears within 600 ms by polling alone, and keeps the lease without a gap', (context) =>
    expectWithin(context, async () => {
      const { cache } = await feeds.follow()
      const key = `user:${randomUUID()}`
      const revokedAt = await feeds.revoke(key, false)
      await until('the key being dropped', () => cache.dropped.has(key))
      const took = (cache.dropped.get(key) ?? Number.NaN) - revokedAt
      await sleep(1500)
      const gaps = cache.leases.slice(1).map(({ at }, index) => at - (cache.leases[index]?.asOf ?? 0))
      return [
        { what: 'heard by polling', took, bound: 600 },
        { what: 'the longest gap between leases', took: Math.max(...gaps), bound: lease },
      ]
    }))

  test('reads the table at once after an empty notification, for more keys than one holds', (context) =>
    expectWithin(context, async () => {
      const { cache } = await feeds.follow()
      const key = `user:${randomUUID()}`
      await sleep(20) // right after a heartbeat, so that the next is far
      await feeds.insert(feeds.writer, key)
      await feeds.writer.query(`select pg_notify('denizen_invalidation', '')`)
      const sentAt = performance.now()
      await until('the key being dropped', () => cache.dropped.has(key))
      return [{ what: 'read', took: performance.now() - sentAt, bound: 150 }]
    }))

  test('serves nothing for longer than 1 s when its backend is killed, and loses one connection by it', (context) =>
    expectWithin(context, async () => {
      const { cache, feed } = await feeds.follow()
      await feeds.killBackends()
      const took = await feeds.servedAfterRevoking(cache, `user:${randomUUID()}`)
      await until('the feed being back', () => cache.clears === 2 && cache.mayServe)
      expect(feed.state()).toMatchObject({ connected: true, losses: 1 })
      return [{ what: 'served', took, bound: 1000 }]
    }))

  test.for(['closed', 'silenced'] as const)('serves nothing for longer than 1 s when the connection is %s', (how, context) =>
    expectWithin(context, async () => {
      const proxy = await openProxy(feeds.url)
      const { cache } = await feeds.follow(proxy.url)
      proxy.break(how)
      const served = await feeds.servedAfterRevoking(cache, `user:${randomUUID()}`)
      proxy.mend()
      const mendedAt = performance.now()
      await until('a new lease', () => cache.mayServe)
      const back = performance.now() - mendedAt
      await proxy.close()
      return [
        { what: 'served', took: served, bound: 1000 },
        { what: 'back', took: back, bound: 4000 },
        { what: 'cleared once more than it has to be', took: cache.clears - 2, bound: 1, unit: 'times' },
      ]
    }),
  )
})
