/** On a machine this many times as slow as a quiet one, a measured time says nothing about our code. */
const busy = 1.3

/**
 * Whether it took no longer than the budget, in milliseconds. On a busy machine it is not measured, and a line says so,
 * which CI counts (scripts/ci/outcome.ts).
 * @param pace What the machine's was meanwhile: `startPaceMeter` of tests/pace.ts.
 */
export function keepsBudget(what: string, took: number, budget: number, pace: number): boolean {
  if (took <= budget) return true
  if (pace <= busy) return false
  console.log(`not measured: ${what} took ${took} ms instead of ${budget}, on a machine ${pace.toFixed(1)} times as slow as a quiet one`)
  return true
}
