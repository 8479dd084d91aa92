const units = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** `3 days ago`, `in 2 hours`: on a screen, where it says more in less room. */
export function relativeTime(date: Date, now = Date.now()): string {
  const seconds = (date.getTime() - now) / 1000
  const isOne = (length: number, smaller = 1) => Math.round(Math.abs(seconds) / smaller) * smaller >= length
  const [unit, size] = units.find(([, length], index) => isOne(length, units[index + 1]?.[1])) ?? ['second', 1]
  return new Intl.RelativeTimeFormat('en', { style: 'short', numeric: 'auto' }).format(Math.round(seconds / size), unit)
}
