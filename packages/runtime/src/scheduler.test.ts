import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pinoLogger } from './logger.ts'
import { Scheduler } from './scheduler.ts'

const logger = pinoLogger('silent')
const minute = 60_000
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('what is due is looked for again and again, also after a look that failed', async () => {
  let looks = 0
  const scheduler = new Scheduler({ queueDueRuns: () => (++looks === 2 ? Promise.reject(new Error('away')) : Promise.resolve()) }, logger)
  await scheduler.start()
  await vi.advanceTimersByTimeAsync(2 * minute)
  expect(looks).toBe(5)
  await scheduler.stop()
  await vi.advanceTimersByTimeAsync(2 * minute)
  expect(looks).toBe(5)
})

test('who is stopped while starting waits for the first look, and looks no more', async () => {
  const first = Promise.withResolvers<void>()
  let looks = 0
  const scheduler = new Scheduler({ queueDueRuns: () => (looks++, first.promise) }, logger)
  const starting = scheduler.start()
  let isStopped = false
  const stopping = scheduler.stop().then(() => (isStopped = true))
  await vi.advanceTimersByTimeAsync(minute)
  expect([looks, isStopped]).toEqual([1, false])
  first.resolve()
  await Promise.all([starting, stopping])
  await vi.advanceTimersByTimeAsync(2 * minute)
  expect(looks).toBe(1)
})

test('a first look that fails is told to whoever starts', async () => {
  const scheduler = new Scheduler({ queueDueRuns: () => Promise.reject(new Error('away')) }, logger)
  await expect(scheduler.start()).rejects.toThrow('away')
  await scheduler.stop()
})
