/** The clock. Handlers do not use it; they have `context.now`. */
export interface Clock {
  now(): Date
  /** Milliseconds that never run backwards; only differences have a meaning. */
  monotonic(): number
}
