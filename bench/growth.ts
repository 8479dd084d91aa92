import type { Measured } from './load.ts'
import { ratioOf, spreadOf, type Spread } from './statistics.ts'

/** Answers a second, run by run. */
export function ratesOf(runs: readonly Measured[]): readonly number[] {
  return runs.map(({ rate }) => rate)
}

/** How long the middle answer of each run took. */
export function mediansOf(runs: readonly Measured[]): Spread {
  return spreadOf(runs.map(({ p50 }) => p50))
}

/** How many times longer the middle answer took, round by round. */
export function growthOf(large: readonly Measured[], small: readonly Measured[]): Spread {
  return ratioOf(
    large.map(({ p50 }) => p50),
    small.map(({ p50 }) => p50),
  )
}
