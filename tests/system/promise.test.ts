import { afterEach, expect, it, vi } from 'vitest'
import { expectKept, verdictOf, type Look, type Machine, type Verdict } from './promise.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

it.each<[failures: string[], disturbed: string[], verdict: Verdict]>([
  [[], [], 'kept'],
  [[], ['busy'], 'kept'],
  [['too late'], [], 'missed'],
  [['too late'], ['busy'], 'not measured'],
])('failures %j on a machine with %j: %s', (failures, disturbed, verdict) => {
  expect(verdictOf(failures, disturbed)).toBe(verdict)
})

const busy = ['busy']
const quiet: string[] = []
const late = 200
const early = 20

/** A promise of at most 100, with figures and looks that come one after the other; of the last one as many as are wanted. */
async function promised(figures: readonly number[], looks: readonly (readonly string[])[]) {
  vi.spyOn(console, 'log').mockImplementation(() => {})
  const nextOf = <Item>(items: readonly Item[]) => {
    let index = 0
    return async () => items.at(Math.min(index++, items.length - 1)) as Item
  }
  const measure = vi.fn<() => Promise<number>>(nextOf(figures))
  const machine = vi.fn<Machine>(nextOf(looks))
  const meta: { notMeasured?: string } = {}
  const skip = (note?: string | boolean): never => {
    throw new Error(String(note))
  }
  const judged = expectKept({ skip, task: { meta } } as never, 'it', measure, (figure) => (figure > 100 ? [`${figure} ms`] : []), machine)
  const outcome = await judged.then(
    () => 'passed',
    (error: Error) => error.message,
  )
  return { outcome, measured: measure.mock.calls.length, looks: machine.mock.calls.length, notMeasured: meta.notMeasured }
}

it('kept on a machine that is not quiet passes at once', async () => {
  expect(await promised([early], [busy])).toMatchObject({ outcome: 'passed', measured: 1 })
})

it('missed on a quiet machine fails at once, with the figures', async () => {
  const { outcome, measured, notMeasured } = await promised([late, early], [quiet])
  expect({ outcome, measured, notMeasured }).toEqual({ outcome: 'it, on a quiet machine: 200 ms', measured: 1, notMeasured: undefined })
})

it.each([
  ['before', [busy, quiet]],
  ['after', [quiet, busy, quiet]],
])('missed and disturbed %s is measured again when it is quiet, and judged by that', async (_when, looks) => {
  expect(await promised([late, early], looks)).toMatchObject({ outcome: 'passed', measured: 2 })
  expect(await promised([late, late], looks)).toMatchObject({ outcome: 'it, on a quiet machine: 200 ms', measured: 2 })
})

it('missed on a machine that does not become quiet says nothing, and why; it waits so long and no longer', async () => {
  const seen = await promised([late], [busy])
  expect(seen).toEqual({ outcome: 'not measured: busy', measured: 1, looks: 52, notMeasured: 'busy' })
})

it('missed and disturbed every time is not measured for ever', async () => {
  const disturbedWhileMeasured = [quiet, busy, quiet, quiet, busy, quiet, quiet, busy]
  expect(await promised([late], disturbedWhileMeasured)).toMatchObject({ outcome: 'not measured: busy', measured: 3 })
})

it('what is seen while it is measured counts as well', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => {})
  const seen = { looks: 0, measurements: 0 }
  const machine = async () => (++seen.looks === 2 ? busy : quiet)
  const measure = async (look: Look) => {
    await look()
    return ++seen.measurements === 1 ? late : early
  }
  await expectKept({ task: { meta: {} } } as never, 'it', measure, (figure) => (figure > 100 ? [`${figure} ms`] : []), machine)
  expect(seen.measurements).toBe(2)
})

it('an error of the measurement is an error, on whatever machine', async () => {
  const broken = expectKept(
    {} as never,
    'it',
    () => Promise.reject(new Error('refused')),
    () => [],
    async () => busy,
  )
  await expect(broken).rejects.toThrow('refused')
})
