/** Bounded by the values: it keeps none alive. */
const values = new WeakSet<object>()

/**
 * Declares that a value and everything in it will never change, so that what is computed from it can be cached as long as it exists. Do
 * not hand it to callers: they could change a Date in it (see `Reader.cachedRows`).
 */
export function markImmutable<T extends object>(value: T): T {
  values.add(value)
  return value
}

export function isImmutable(value: object): boolean {
  return values.has(value)
}
