import { paceNow, paceOfRun } from '../tests/pace.ts'

/** So many times as slow as a quiet machine of our kind, and a time says nothing of what took it. */
const busy = 1.3

/**
 * Whether it took no longer than it may, in milliseconds. On a machine that has other things to do that is not measured;
 * a line says so, which CI counts (scripts/ci/outcome.ts). `calibrate` was called before the work began.
 */
export function keepsBudget(what: string, took: number, budget: number): boolean {
  if (took <= budget) return true
  const pace = Math.max(paceOfRun(), paceNow())
  if (pace <= busy) return false
  console.log(`not measured: ${what} took ${took} ms instead of ${budget}, on a machine ${pace.toFixed(1)} times as slow as a quiet one`)
  return true
}
