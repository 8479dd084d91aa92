/** Time. Handlers never ask for it; they get `context.now`. */
export interface Clock {
  now(): Date
  /** Milliseconds that never run backwards; only differences mean anything. */
  monotonic(): number
}
