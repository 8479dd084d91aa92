import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPublished, keyLifetime, keySteps, publishedAhead, publishedAfter, signingKey, type KeyTimes } from './key-rules.ts'

const at = (time: number) => new Date(Date.UTC(2026, 0, 1) + time)
const key = (id: string, activeFrom: number, retiredAt: number | null = null): KeyTimes => ({
  id,
  activeFrom: at(activeFrom),
  retiredAt: retiredAt === null ? null : at(retiredAt),
})

/** What the table is like after the job has run. */
function after(keys: readonly KeyTimes[], now: Date, id: string): readonly KeyTimes[] {
  const { add, retire, drop } = keySteps(keys, now)
  const kept = keys.filter((one) => !drop.includes(one.id)).map((one) => (one.id === retire ? { ...one, retiredAt: add } : one))
  return add === null ? kept : [...kept, { id, activeFrom: add, retiredAt: null }]
}

describe('rotation', () => {
  test.each([
    ['no key', [], 0, { add: at(0), retire: null, drop: [] }],
    ['one that is young', [key('a', 0)], keyLifetime - publishedAhead - 1, { add: null, retire: null, drop: [] }],
    ['one that is due in a day', [key('a', 0)], keyLifetime - publishedAhead, { add: at(keyLifetime), retire: 'a', drop: [] }],
    ['one that is long due', [key('a', 0)], 3 * keyLifetime, { add: at(3 * keyLifetime + publishedAhead), retire: 'a', drop: [] }],
    ['one that waits', [key('a', 0, keyLifetime), key('b', keyLifetime)], keyLifetime - 1, { add: null, retire: null, drop: [] }],
    ['one that is over', [key('a', 0, 1000), key('b', 1000)], 1000 + publishedAfter, { add: null, retire: null, drop: ['a'] }],
  ] as const)('with %s', (_, keys, now, steps) => {
    expect(keySteps(keys, at(now))).toEqual(steps)
  })

  test('whenever it is done, there is always a key that signs, which was published long enough before, and stays so', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 * 24 }), { maxLength: 30 }), (pauses) => {
        let [keys, time] = [after([], at(0), 'k0'), 0]
        const seen = new Map(keys.map(({ id }) => [id, -Infinity]))
        for (const [index, hours] of pauses.entries()) {
          time += hours * 60 * 60 * 1000
          const signing = signingKey(keys, at(time))
          expect(signing).toBeDefined()
          expect(time - (seen.get(signing?.id ?? '') ?? Infinity)).toBeGreaterThanOrEqual(publishedAhead)
          const next = after(keys, at(time), `k${index + 1}`)
          for (const { id } of next) if (!seen.has(id)) seen.set(id, time)
          expect(signing === undefined || isPublished(signing, at(time))).toBe(true)
          expect(signingKey(next, at(time))?.id).toBe(signing?.id)
          keys = next
        }
      }),
    )
  })

  test('a clock that is behind signs with the first key all the same', () => {
    expect(signingKey([key('a', 1000)], at(0))?.id).toBe('a')
  })
})
