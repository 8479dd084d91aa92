import { expect, it } from 'vitest'
import { DeadlineError, eventually, startDeadline, within } from './deadlines.ts'

/** After how long a deadline of one second, looked at every ten milliseconds, is over on a machine of that pace. */
function lasting(paceAt: (now: number) => number): number | undefined {
  let now = 0
  const deadline = startDeadline(1_000, 'it', { now: () => now, pace: () => paceAt(now) })
  for (; now <= 100_000; now += 10) if (deadline.failure() !== null) return now
  return undefined
}

it.each<[machine: string, paceAt: (now: number) => number, from: number, to: number]>([
  ['a quiet machine', () => 1, 1_000, 1_200],
  ['one four times as slow', () => 4, 4_000, 4_200],
  ['one that is busy at the beginning', (now) => (now <= 400 ? 4 : 1), 1_200, 1_500],
  ['one that is busy at the end', (now) => (now > 800 ? 4 : 1), 1_600, 1_800],
])('a deadline of a second lasts as long as the machine is slow: %s', (_machine, paceAt, from, to) => {
  expect(lasting(paceAt)).toBeGreaterThanOrEqual(from)
  expect(lasting(paceAt)).toBeLessThanOrEqual(to)
})

it('ends what hangs, with an error that says what did not happen', async () => {
  const never = new Promise<never>(() => {})
  await expect(within(20, 'the sun rising', never)).rejects.toThrow(DeadlineError)
  await expect(within(20, 'the sun rising', never)).rejects.toThrow(/^the sun rising: not within \d+ ms$/)
  await expect(eventually(20, 'the sun rising', async () => false)).rejects.toThrow(DeadlineError)
})

it('gives what there is, and fails as the work fails', async () => {
  let asked = 0
  expect(await within(1_000, 'it', Promise.resolve(7))).toBe(7)
  expect(await eventually(1_000, 'it', async () => ++asked === 3 && 'there')).toBe('there')
  expect(await eventually(1_000, 'it', async () => 0)).toBe(0)
  await expect(within(1_000, 'it', Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  await expect(eventually(1_000, 'it', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})
