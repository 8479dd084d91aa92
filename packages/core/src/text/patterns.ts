const words: ReadonlyMap<string, string> = new Map([
  ['*', 'every permission'],
  ['queries', 'all that only read'],
  ['application', 'all permissions that applications define'],
])

/** A permission pattern after "has": one that does not say by itself what it stands for, with what that is. */
export function patternInWords(pattern: string): string {
  const meaning = words.get(pattern)
  return meaning === undefined ? pattern : `${meaning} (${pattern})`
}
