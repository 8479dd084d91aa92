/**
 * How fast this machine is while the tests run, from one place: deadlines are given in milliseconds of a quiet machine
 * of our kind, and grow with this. Nothing that Denizen promises is scaled: such figures are measured in tests/system.
 */
const variable = 'DENIZEN_TEST_PACE'

/**
 * What one slice of the work below takes on our machine when nothing disturbs it, in milliseconds: the fastest of 1600
 * slices in four processes, which agreed on 3.90 to 3.95 though the machine was busy (a slice is shorter than a turn).
 */
const reference = 3.9
const slices = 8

/** What the work comes to. */
const expected = -145_575_679

/** How many times as long as on our machine a piece of work takes, as it was when the run began; never less than 1. */
export function paceOfRun(): number {
  return Number(process.env[variable] ?? 1)
}

/** Measures the pace, and tells the processes that the run starts. Asked twice, it stays as it was. */
export function calibrate(): void {
  process.env[variable] ??= paceNow().toFixed(2)
}

/** The same, as it is now: some thirty milliseconds of work, or as much longer as others keep the processor. */
export function paceNow(): number {
  timeSlice() // the first one is slower in any process: it is not compiled yet
  const startedAt = performance.now()
  for (let slice = 0; slice < slices; slice++) timeSlice()
  return Math.max(1, (performance.now() - startedAt) / slices / reference)
}

/** Milliseconds between two slices of a meter: together a hundredth of one core. */
const meterPause = 400

/**
 * Measures the pace while something else goes on, a slice now and then: others come and go within seconds, and a look at
 * one moment may find the processor free.
 * @returns ends it, and gives the mean of what it saw.
 */
export function startPaceMeter(): () => number {
  timeSlice() // as in `paceNow`
  const seen: number[] = []
  const look = () => seen.push(timeSlice())
  const timer = setInterval(look, meterPause)
  return () => {
    clearInterval(timer)
    look()
    return Math.max(1, seen.reduce((sum, one) => sum + one, 0) / seen.length / reference)
  }
}

/** How long one slice of work takes, in milliseconds: always the same work, with integers only. */
export function timeSlice(): number {
  const startedAt = performance.now()
  // Its result is looked at, or the compiler might leave the work out.
  if (work() !== expected) throw new Error('the machine miscalculates')
  return performance.now() - startedAt
}

function work(): number {
  let state = 1
  for (let step = 0; step < 4_000_000; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
  return state
}
