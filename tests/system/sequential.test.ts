import { assert, double, property, array, type ArrayConstraints } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batch, compared, findingOf, intervalOf, looks } from './sequential.ts'

const seed = 20_261_129
const runs = { seed, numRuns: 200 }
const differences = (length: ArrayConstraints = { minLength: 5, maxLength: 60 }) =>
  array(double({ min: -1000, max: 1000, noNaN: true, noDefaultInfinity: true }), length)

describe('an interval', () => {
  it('lies within what was measured around its middle, whatever the order', () => {
    assert(
      property(differences(), (values) => {
        const { low, high } = intervalOf(values)
        const middle = (low + high) / 2
        expect(low).toBeLessThanOrEqual(high)
        expect(middle).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9)
        expect(middle).toBeLessThanOrEqual(Math.max(...values) + 1e-9)
        expect(intervalOf(values.toReversed())).toEqual({ low, high })
      }),
      runs,
    )
  })

  it('moves with the values, and turns with them', () => {
    assert(
      property(differences(), double({ min: -100, max: 100, noNaN: true }), (values, by) => {
        const { low, high } = intervalOf(values)
        const moved = intervalOf(values.map((value) => value + by))
        expect(moved.low).toBeCloseTo(low + by, 6)
        expect(moved.high).toBeCloseTo(high + by, 6)
        const turned = intervalOf(values.map((value) => -value))
        expect(turned.low).toBeCloseTo(-high, 6)
        expect(turned.high).toBeCloseTo(-low, 6)
      }),
      runs,
    )
  })

  it('is not moved by how slow the slowest fifth is', () => {
    assert(
      property(differences({ minLength: 10, maxLength: 60 }), double({ min: 0, max: 1e9, noNaN: true }), (values, more) => {
        const sorted = values.toSorted((left, right) => left - right)
        const slowest = Math.floor(sorted.length / 5)
        const slower = sorted.map((value, index) => (index < sorted.length - slowest ? value : value + more))
        expect(intervalOf(slower)).toEqual(intervalOf(sorted))
      }),
      runs,
    )
  })

  it('of nothing but one value is that value; of fewer than five there is none', () => {
    expect(intervalOf([3, 3, 3, 3, 3])).toEqual({ low: 3, high: 3 })
    expect(() => intervalOf([1, 2, 3, 4])).toThrow(RangeError)
  })
})

it.each([
  [{ low: -0.9, high: 0.9 }, 'the same'],
  [{ low: 0.2, high: 0.9 }, 'the same'],
  [{ low: -1, high: 0.5 }, 'unsure'],
  [{ low: 0.5, high: 1 }, 'unsure'],
  [{ low: -3, high: 3 }, 'unsure'],
  [{ low: 1.1, high: 3 }, 'different'],
  [{ low: -3, high: -1.1 }, 'different'],
  [{ low: 1, high: 3 }, 'unsure'],
])('%j with a margin of 1: %s', (interval, finding) => {
  expect(findingOf(interval, 1)).toBe(finding)
})

/** A generator of its own for what fast-check would take too long for: mulberry32. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Differences as a machine gives them: spread around the true one, one of twenty thrown far off to either side. */
function source(random: () => number, truth: number, spread: number): (pairs: number) => Promise<number[]> {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return async (pairs) => Array.from({ length: pairs }, () => truth + normal() * spread * (random() < 0.05 ? 20 : 1))
}

describe('looking until it is sure', () => {
  const trials = 400
  /** How many of these trials came to what, and how many pairs they took. */
  async function simulated(truth: number, spread: number) {
    const random = randomFrom(seed)
    const came = { 'the same': 0, different: 0, unsure: 0, pairs: 0 }
    for (let trial = 0; trial < trials; trial++) {
      const { finding, pairs } = await compared(1, source(random, truth, spread))
      came[finding]++
      came.pairs += pairs
    }
    return came
  }
  /** Five of a hundred, and three standard deviations of counting so many trials. */
  const fewErrors = trials * 0.05 + 3 * Math.sqrt(trials * 0.05 * 0.95)

  it.each([
    ['quiet', 0.5],
    ['busy', 8],
  ])('takes a difference as large as the margin for none, or for one, in 5 of 100 cases at most: %s', async (_machine, spread) => {
    const came = await simulated(1, spread)
    expect(came['the same']).toBeLessThan(fewErrors)
    expect(came.different).toBeLessThan(fewErrors)
    expect(came.unsure).toBeGreaterThan(trials - 2 * fewErrors)
  })

  it('finds what was planted, and that there is nothing, with one batch where it is quiet', async () => {
    expect(await simulated(2, 0.5)).toEqual({ 'the same': 0, different: trials, unsure: 0, pairs: trials * batch })
    expect(await simulated(0, 0.5)).toEqual({ 'the same': trials, different: 0, unsure: 0, pairs: trials * batch })
  })

  it('finds both on a busy machine too, with more', async () => {
    const [planted, nothing] = [await simulated(2, 8), await simulated(0, 8)]
    expect(planted.different).toBeGreaterThan(trials * 0.95)
    expect(nothing['the same']).toBeGreaterThan(trials * 0.95)
    for (const { pairs } of [planted, nothing]) expect(pairs).toBeGreaterThan(trials * batch * 2)
  })

  it('gives up after twenty batches, and asks between two whether to go on', async () => {
    let asked = 0
    const goOn = async () => ++asked < Infinity
    const comparison = await compared(1, source(randomFrom(seed), 1, 8), goOn)
    expect(comparison).toMatchObject({ finding: 'unsure', pairs: looks * batch })
    expect(asked).toBe(looks - 1)
  })

  it('stops, unsure, when it is told that no more is to be learnt', async () => {
    let asked = 0
    const comparison = await compared(1, source(randomFrom(seed), 1, 8), async () => ++asked < 5)
    expect(comparison).toMatchObject({ finding: 'unsure', pairs: 5 * batch })
  })

  it('covers the truth at all twenty looks in 95 of 100 cases; uncorrected intervals do not', async () => {
    const random = randomFrom(seed)
    const missed = { corrected: 0, uncorrected: 0 }
    for (let trial = 0; trial < trials; trial++) {
      const take = source(random, 0, 1)
      const taken: number[] = []
      const outside = { corrected: false, uncorrected: false }
      for (let look = 0; look < looks; look++) {
        taken.push(...(await take(batch)))
        for (const [kind, { low, high }] of [
          ['corrected', intervalOf(taken)],
          ['uncorrected', intervalOf(taken, 1.96)],
        ] as const)
          outside[kind] ||= low > 0 || high < 0
      }
      missed.corrected += Number(outside.corrected)
      missed.uncorrected += Number(outside.uncorrected)
    }
    expect(missed.corrected).toBeLessThan(fewErrors)
    expect(missed.uncorrected).toBeGreaterThan(trials * 0.15)
  })
})
