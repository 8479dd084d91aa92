/**
 * How fast this machine is while the tests run, from one place: deadlines are given in milliseconds of a quiet machine
 * of our kind, and grow with this. Nothing that Denizen promises is scaled: such figures are measured in tests/system.
 */
const variable = 'DENIZEN_TEST_PACE'

/** What one slice of the work below takes on a quiet machine of our kind, in milliseconds. */
const reference = 4
const slices = 8

/** How many times as long as on our machine a piece of work takes, as it was when the run began; never less than 1. */
export function paceOfRun(): number {
  return Number(process.env[variable] ?? 1)
}

/** Measures the pace, and tells the processes that the run starts. Asked twice, it stays as it was. */
export function calibrate(): void {
  process.env[variable] ??= paceNow().toFixed(2)
}

/** The same, as it is now: some forty milliseconds of work, or as much longer as others keep the processor. */
export function paceNow(): number {
  const startedAt = performance.now()
  for (let slice = 0; slice < slices; slice++) work()
  return Math.max(1, (performance.now() - startedAt) / slices / reference)
}

/** Always the same: integers only, nothing that is kept. @returns what keeps it from being left out. */
export function work(): number {
  let state = 1
  for (let step = 0; step < 4_000_000; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
  return state
}
