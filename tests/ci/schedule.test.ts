import { describe, expect, it } from 'vitest'
import { faultsOf, startable, type Work } from '../../scripts/ci/schedule.ts'
import { stepsOfCi } from '../../scripts/ci/steps.ts'

const work = (name: string, cores: Work['cores'], seconds: number, more: Partial<Work> = {}): Work => ({ name, cores, seconds, ...more })
const names = (steps: readonly Work[]): string[] => steps.map(({ name }) => name)
const two = [work('a', 2, 10), work('b', 2, 20), work('c', 1, 5), work('d', 1, 8), work('e', 1, 1)]

describe('steps are started', () => {
  it.each<[what: string, steps: Work[], running: string[], ended: string[], cores: number, expected: string[]]>([
    ['the longest first', two, [], [], 2, ['b']],
    ['none while the cores are busy', two, ['b'], [], 2, []],
    ['those that fit beside what runs', two, ['c'], ['b'], 2, ['d']],
    ['two at once', two, [], ['a', 'b'], 2, ['d', 'c']],
    ['as many as there are cores', two, [], [], 4, ['b', 'a']],
    ['one after the other on one core', two, [], [], 1, ['b']],
    ['none when all have ended', two, [], names(two), 2, []],
    ['alone where nothing may run besides', [work('a', 'all', 1), work('b', 1, 5)], ['b'], [], 8, []],
    ['none beside one that is alone', [work('a', 'all', 1), work('b', 1, 5)], ['a'], [], 8, []],
    ['after those they wait for', [work('a', 1, 1), work('b', 1, 9, { after: ['a'] })], ['a'], [], 2, []],
    ['once those are over', [work('a', 1, 1), work('b', 1, 9, { after: ['a'] })], [], ['a'], 2, ['b']],
    ['sooner when long ones wait for them', [work('a', 2, 10), work('b', 2, 1, { after: ['c'] }), work('c', 1, 10)], [], [], 2, ['c']],
    ['one at a time of those with the same lock', [work('a', 1, 2, { locks: ['x'] }), work('b', 1, 1, { locks: ['x'] })], [], [], 2, ['a']],
    ['not beside one with the same lock', [work('a', 1, 2, { locks: ['x'] }), work('b', 1, 1, { locks: ['x', 'y'] })], ['a'], [], 2, []],
  ])('%s', (_what, steps, running, ended, cores, expected) => {
    expect(names(startable(steps, { running, ended }, cores))).toEqual(expected)
  })
})

it.each([1, 2, 3, 8])('every step of CI runs once on %i cores, never more than there are', (cores) => {
  const steps = stepsOfCi({ overheard: '/overheard' })
  const order = simulate(steps, cores)
  expect(order.started.toSorted()).toEqual(names(steps).toSorted())
  expect(order.mostBusy).toBeLessThanOrEqual(cores)
})

it('a plan that could not end is refused', () => {
  expect(faultsOf(stepsOfCi({ overheard: '/overheard' }))).toEqual([])
  expect(faultsOf([work('a', 1, 1), work('a', 1, 1)])).toEqual(['a is there twice'])
  expect(faultsOf([work('a', 1, 1, { after: ['b'] })])).toEqual(['a waits for b, which does not stand before it'])
  expect(faultsOf([work('a', 1, 1, { after: ['b'] }), work('b', 1, 1, { after: ['a'] })])).toHaveLength(1)
})

/** Runs the steps in no time: what ends first is what takes least from its start. */
function simulate(steps: readonly Work[], cores: number): { started: string[]; mostBusy: number } {
  const running = new Map<string, number>()
  const [started, ended]: [string[], string[]] = [[], []]
  let [now, mostBusy] = [0, 0]
  while (ended.length < steps.length) {
    for (const step of startable(steps, { running: [...running.keys()], ended }, cores)) {
      started.push(step.name)
      running.set(step.name, now + step.seconds)
    }
    const busy = steps.filter(({ name }) => running.has(name)).map((step) => (step.cores === 'all' ? cores : Math.min(step.cores, cores)))
    mostBusy = Math.max(
      mostBusy,
      busy.reduce((sum, one) => sum + one, 0),
    )
    const next = [...running].toSorted(([, a], [, b]) => a - b)[0]
    if (next === undefined) throw new Error(`nothing runs, and ${steps.length - ended.length} steps are left`)
    now = next[1]
    running.delete(next[0])
    ended.push(next[0])
  }
  return { started, mostBusy }
}
