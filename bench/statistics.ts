/** The middle of several rounds, and how far they lay apart. */
export interface Spread {
  readonly median: number
  readonly minimum: number
  readonly maximum: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right)
  return { median: quantile(sorted, 0.5), minimum: sorted[0] ?? Number.NaN, maximum: sorted.at(-1) ?? Number.NaN }
}

/** One contender over another, round by round: what both suffered in a round cancels out. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)))
}

/** A quantile of values in ascending order, between neighbours where it falls between them. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  const position = (sorted.length - 1) * part
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position - Math.floor(position))
}
