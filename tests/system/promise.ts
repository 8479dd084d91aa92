import { expect, type TestContext } from 'vitest'
import { calibrate, disturbances } from './quiet.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** Why nothing can be said of a promise. Vitest counts such a test as skipped; `.ci/run` counts these by themselves. */
    notMeasured?: string
  }
}

/** Notes what disturbs the machine at this moment, and tells what has so far. Nothing of ours may be under way. */
export type Look = () => Promise<readonly string[]>

/** The machine that is measured on: what disturbs it just now. */
export type Machine = () => Promise<readonly string[]>

export type Verdict = 'kept' | 'missed' | 'not measured'

/**
 * A promise that is kept is kept, on whatever machine. One that is missed says something of Denizen only where nothing
 * else can have been the cause.
 */
export function verdictOf(failures: readonly string[], disturbed: readonly string[]): Verdict {
  if (failures.length === 0) return 'kept'
  return disturbed.length === 0 ? 'missed' : 'not measured'
}

/** A short disturbance must not cost the measurement: it is made again, so often at most and only on a machine that is quiet by now. */
const measurements = 3
/** How often the machine is looked at for that, at half a second each: some thirty seconds. */
const looksForQuiet = 50

/**
 * Measures something that is promised in milliseconds. Passes where it is kept; fails where it is missed although the
 * machine was quiet before and after (and whenever `measure` looked); else the test is neither: it is skipped, with a
 * note that begins `not measured: `.
 * @param measure May be called again: it leaves everything as it was. What it asserts itself holds on every machine.
 * @param failures What is not as promised; nothing: it is.
 */
export async function expectKept<Figures>(
  { skip, task }: Pick<TestContext, 'skip' | 'task'>,
  what: string,
  measure: (look: Look) => Promise<Figures>,
  failures: (figures: Figures) => readonly string[],
  machine: Machine = thisMachine,
): Promise<void> {
  for (let left = measurements - 1; ; left--) {
    let disturbed: readonly string[] = []
    const look = async (): Promise<readonly string[]> => {
      const seen = await machine()
      if (disturbed.length === 0) disturbed = seen
      return disturbed
    }
    await look()
    const figures = await measure(look)
    await look()
    const missed = failures(figures)
    const verdict = verdictOf(missed, disturbed)
    if (verdict === 'kept') return
    if (verdict === 'missed') expect.fail(`${what}, on a quiet machine: ${missed.join('; ')}`)
    const why = disturbed.join('; ')
    console.log(`${what}: ${missed.join('; ')}; but the machine was not quiet: ${why}`)
    if (left === 0 || !(await becomesQuiet(machine))) {
      task.meta.notMeasured = why
      skip(`not measured: ${why}`)
    }
  }
}

async function becomesQuiet(machine: Machine): Promise<boolean> {
  for (let look = 0; look < looksForQuiet; look++) if ((await machine()).length === 0) return true
  return false
}

async function thisMachine(): Promise<readonly string[]> {
  return disturbances(await calibrate())
}
