const values = new WeakSet<object>()

/**
 * Declares that a value, and all that is in it, never changes again: what is made of it can be
 * remembered for as long as it is there. It goes to nobody who could change it, but a Date in it could
 * be changed by whoever gets it: see `Reader.kept`.
 */
export function markImmutable<T extends object>(value: T): T {
  values.add(value)
  return value
}

export function isImmutable(value: object): boolean {
  return values.has(value)
}
