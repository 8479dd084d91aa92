/**
 * How much longer one thing takes than another, from pairs of measurements, looked at again and again until it is sure.
 *
 * The difference is the mean without the fifth at each end, which a few slow answers cannot move; its standard error
 * comes from the winsorized variance (Tukey and McLaughlin, Sankhyā A 25, 1963). Whoever looks at a 95 % interval twenty
 * times and stops when it says what they hope for errs in one of four cases, not in one of twenty. So these are
 * *repeated confidence intervals* (Jennison and Turnbull, J. R. Statist. Soc. B 51, 1989) with Pocock's boundary
 * (Biometrika 64, 1977), which is the same at every look: with 95 % all twenty of them cover the difference at once.
 */
export const looks = 20
/** Pairs between two looks. */
export const batch = 100

/**
 * Standard errors to each side. For twenty looks and an error of 5 % it is 2.672 (Jennison and Turnbull, Group Sequential
 * Methods, 2000, table 2.1): at each look an error of 0.75 %, for which Student's distribution with 59 degrees of freedom,
 * which is what a first batch has without its fifths, gives this.
 */
const boundary = 2.77

/** Of the values at each end. */
const trimmed = 0.2

/** Where the difference lies. Of all twenty looks together it is so with a confidence of 95 %. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** @param width Standard errors to each side. @throws RangeError with fewer than five values, of which none would be left. */
export function intervalOf(differences: readonly number[], width = boundary): Interval {
  if (differences.length < 5) throw new RangeError('an interval needs five values at the least')
  const sorted = [...Float64Array.from(differences).sort()]
  const cut = Math.floor(trimmed * sorted.length)
  const kept = sorted.slice(cut, sorted.length - cut)
  const center = meanOf(kept)
  const winsorized = [...repeated(cut, kept[0]), ...kept, ...repeated(cut, kept.at(-1))]
  const around = meanOf(winsorized)
  const variance = winsorized.reduce((sum, value) => sum + (value - around) ** 2, 0) / (winsorized.length - 1)
  const error = Math.sqrt(variance / winsorized.length) / (1 - 2 * trimmed)
  return { low: center - width * error, high: center + width * error }
}

export type Finding = 'the same' | 'different' | 'unsure'

/** The same: they differ by less than the margin. Different: by more, in whichever direction. */
export function findingOf({ low, high }: Interval, margin: number): Finding {
  if (low > -margin && high < margin) return 'the same'
  return low > margin || high < -margin ? 'different' : 'unsure'
}

export interface Comparison extends Interval {
  readonly finding: Finding
  readonly pairs: number
}

/** Takes one batch of differences after the other until it is sure, or twenty, or until `goOn` says between two of them that no more is to be learnt. */
export async function compared(
  margin: number,
  measure: (pairs: number) => Promise<readonly number[]>,
  goOn: () => Promise<boolean> = async () => true,
): Promise<Comparison> {
  const differences: number[] = []
  for (let look = 1; ; look++) {
    differences.push(...(await measure(batch)))
    const interval = intervalOf(differences)
    const finding = findingOf(interval, margin)
    if (finding !== 'unsure' || look === looks || !(await goOn())) return { ...interval, finding, pairs: differences.length }
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function repeated(times: number, value = 0): number[] {
  return Array.from({ length: times }, () => value)
}
