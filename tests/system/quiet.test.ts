import { spawn, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../deadlines.ts'
import { calibrate, disturbances, usageIn, type Calibration } from './quiet.ts'

const spinning: ChildProcess[] = []
afterEach(() => {
  for (const child of spinning.splice(0)) child.kill('SIGKILL')
})

const still: Calibration = { slice: 4, fastest: 4, processors: 2, others: 0, stolen: 0 }

it.each<[what: string, seen: Partial<Calibration>, found: readonly string[]]>([
  ['nothing else to do', {}, []],
  ['a little of everything', { slice: 5.2, others: 0.5, stolen: 0.05 }, []],
  ['a slow machine', { slice: 42, fastest: 40 }, []],
  ['a processor that is shared', { slice: 6 }, ['work takes 1.5 times as long as at best']],
  ['somebody beside us', { others: 1 }, ['1.0 others want one of 2 processors']],
  ['as many where there is room', { others: 1, processors: 16 }, []],
  ['a hypervisor with other guests', { stolen: 0.06 }, ['6 % of the time was given to other machines']],
  ['no /proc', { others: null, stolen: null }, []],
  ['no /proc, and busy', { others: null, stolen: null, slice: 8 }, ['work takes 2.0 times as long as at best']],
  [
    'all of it',
    { slice: 8, others: 4, stolen: 0.5 },
    ['work takes 2.0 times as long as at best', '4.0 others want one of 2 processors', '50 % of the time was given to other machines'],
  ],
])('%s', (_what, seen, found) => {
  expect(disturbances({ ...still, ...seen })).toEqual(found)
})

it('/proc/stat is read as proc_stat(5) describes it', () => {
  const text = 'cpu  100 2 30 400 5 6 7 50 90 0\ncpu0 1 2 3 4 5 6 7 8 9 0\nintr 7 0 1\nprocs_running 3\nprocs_blocked 0\n'
  expect(usageIn(text)).toEqual({ runnable: 3, stolen: 50, total: 600 })
  expect(() => usageIn('cpu0 1 2 3')).toThrow('not /proc/stat')
})

it('a machine whose every processor somebody keeps busy is not quiet', async () => {
  for (let loop = 0; loop < 2 * availableParallelism(); loop++) spinning.push(spawn(process.execPath, ['-e', 'for (;;);']))
  const seen = await eventually(10_000, 'the loops being noticed', async () => {
    const calibration = await calibrate()
    return disturbances(calibration).length > 0 && calibration
  })
  if (process.platform !== 'linux') return
  const { others } = await eventually(10_000, 'all loops running', async () => {
    const calibration = await calibrate()
    return (calibration.others ?? 0) > spinning.length - 1 && calibration
  })
  expect(others).toBeGreaterThan(spinning.length - 1)
  expect(seen.slice).toBeGreaterThanOrEqual(seen.fastest)
})
