import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lastDue, nextDue, scheduleInWords } from './schedule.ts'

const schedules = fc.record({ everyMinutes: fc.integer({ min: 1, max: 10_000 }), atMinute: fc.integer({ min: 0, max: 1440 }) })
const moments = fc.date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })

test('a moment is between the last time and the next, which are the same for everybody until then', () => {
  fc.assert(
    fc.property(schedules, moments, (schedule, moment) => {
      const [last, next] = [lastDue(schedule, moment), nextDue(schedule, moment)]
      expect(last.getTime()).toBeLessThanOrEqual(moment.getTime())
      expect(next.getTime()).toBeGreaterThan(moment.getTime())
      expect(next.getTime() - last.getTime()).toBe(schedule.everyMinutes * 60_000)
      expect(lastDue(schedule, last)).toEqual(last)
      expect(lastDue(schedule, new Date(next.getTime() - 1))).toEqual(last)
    }),
  )
})

test.each([
  [{ everyMinutes: 60, atMinute: 40 }, '2026-11-30T10:39:59Z', '2026-11-30T09:40:00Z', 'every hour'],
  [{ everyMinutes: 15, atMinute: 5 }, '2026-11-30T10:20:00Z', '2026-11-30T10:20:00Z', 'every 15 minutes'],
  [{ everyMinutes: 1440, atMinute: 50 }, '2026-11-30T00:49:00Z', '2026-11-29T00:50:00Z', 'every 24 hours'],
  [{ everyMinutes: 1, atMinute: 0 }, '2026-11-30T10:20:59Z', '2026-11-30T10:20:00Z', 'every minute'],
])('%j at %s was due at %s: %s', (schedule, moment, due, words) => {
  expect(lastDue(schedule, new Date(moment))).toEqual(new Date(due))
  expect(scheduleInWords(schedule)).toBe(words)
})
