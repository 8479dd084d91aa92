import type { Clock } from '../ports/clock.ts'
import type { FeedSink } from '../ports/invalidation.ts'

/** How long, after the last word from the feed, what is kept may still be served: milliseconds. */
const leaseLength = 750

/** How many recent drops are remembered to refuse stale write-backs. */
const rememberedDrops = 10_000

interface CacheOptions<Value> {
  readonly clock: Clock
  /** No other process changes the database: no lease ends. */
  readonly soleProcess: boolean
  /** How much is kept at the most, as `weightOf` counts. */
  readonly capacity: number
  /** The keys under which a value is dropped. */
  keysOf(value: Value): readonly string[]
  /** Until when a value is true by itself: milliseconds since the epoch. */
  validUntil(value: Value): number
  /** Default: each is 1. */
  weightOf?(value: Value): number
}

/**
 * Values by a key, in memory. What is in here was true when it was loaded, and
 * nothing heard since has changed it; when the feed falls silent for longer than
 * the lease, nothing is served from here at all.
 */
export class LeasedCache<Value extends object> implements FeedSink {
  readonly #options: CacheOptions<Value>
  readonly #entries = new Map<string, Value>()
  /** Goes along with the evictions: a new iterator would walk past every entry that was ever deleted. */
  #oldest = this.#entries.keys()
  /** Nearly every key belongs to one entry alone: a set for each would weigh more than all else. */
  readonly #entriesByKey = new Map<string, string | Set<string>>()
  readonly #drops = new Map<string, number>()
  #weight = 0
  #generation = 0
  #refusedBefore = 0
  #leaseUntil = -Infinity

  constructor(options: CacheOptions<Value>) {
    this.#options = options
  }

  /** Whether values may be served and kept right now. */
  get live(): boolean {
    const { soleProcess, clock } = this.#options
    return soleProcess || clock.monotonic() < this.#leaseUntil
  }

  get size(): number {
    return this.#entries.size
  }

  /** To be taken before a value is loaded, and handed to `put` with it. */
  get generation(): number {
    return this.#generation
  }

  get(entry: string, now: Date): Value | undefined {
    const value = this.#entries.get(entry)
    if (value === undefined || !this.live) return undefined
    if (this.#options.validUntil(value) > now.getTime()) return value
    this.#remove(entry, value)
    return undefined
  }

  /** Keeps a value, unless something it depends on was changed while it was being loaded. */
  put(entry: string, value: Value, loadedAt: number): void {
    const { capacity } = this.#options
    const weight = this.#weightOf(value)
    if (!this.live || loadedAt < this.#refusedBefore || weight > capacity) return
    const keys = this.#options.keysOf(value)
    if (keys.some((key) => (this.#drops.get(key) ?? -1) >= loadedAt)) return
    this.#removeEntry(entry)
    while (this.#weight + weight > capacity) this.#evictOldest()
    this.#weight += weight
    this.#entries.set(entry, value)
    for (const key of keys) this.#link(key, entry)
  }

  drop(keys: readonly string[]): void {
    for (const key of keys) {
      this.#drops.delete(key)
      this.#drops.set(key, this.#generation)
      const entries = this.#entriesByKey.get(key) ?? []
      for (const entry of typeof entries === 'string' ? [entries] : entries) this.#removeEntry(entry)
    }
    this.#generation++
    this.#forgetOldDrops()
  }

  clear(): void {
    this.#entries.clear()
    this.#oldest = this.#entries.keys()
    this.#entriesByKey.clear()
    this.#drops.clear()
    this.#weight = 0
    this.#refusedBefore = ++this.#generation
    this.#leaseUntil = -Infinity
  }

  renew(asOf: number): void {
    this.#leaseUntil = Math.max(this.#leaseUntil, asOf + leaseLength)
  }

  #weightOf(value: Value): number {
    return this.#options.weightOf?.(value) ?? 1
  }

  #forgetOldDrops(): void {
    for (const [key, generation] of this.#drops) {
      if (this.#drops.size <= rememberedDrops) return
      this.#drops.delete(key)
      this.#refusedBefore = generation + 1
    }
  }

  #evictOldest(): void {
    let next = this.#oldest.next()
    if (next.done === true) {
      this.#oldest = this.#entries.keys()
      next = this.#oldest.next()
    }
    if (next.done !== true) this.#removeEntry(next.value)
  }

  #removeEntry(entry: string): void {
    const value = this.#entries.get(entry)
    if (value !== undefined) this.#remove(entry, value)
  }

  #remove(entry: string, value: Value): void {
    this.#entries.delete(entry)
    this.#weight -= this.#weightOf(value)
    for (const key of this.#options.keysOf(value)) this.#unlink(key, entry)
  }

  #link(key: string, entry: string): void {
    const entries = this.#entriesByKey.get(key)
    if (entries === undefined) this.#entriesByKey.set(key, entry)
    else if (typeof entries !== 'string') entries.add(entry)
    else if (entries !== entry) this.#entriesByKey.set(key, new Set([entries, entry]))
  }

  #unlink(key: string, entry: string): void {
    const entries = this.#entriesByKey.get(key)
    if (entries === entry) this.#entriesByKey.delete(key)
    else if (typeof entries === 'object' && entries.delete(entry) && entries.size === 0) this.#entriesByKey.delete(key)
  }
}

/** One sink for many: each hears all. */
export function combinedSink(sinks: readonly FeedSink[]): FeedSink {
  return {
    drop: (keys) => sinks.forEach((sink) => sink.drop(keys)),
    clear: () => sinks.forEach((sink) => sink.clear()),
    renew: (asOf) => sinks.forEach((sink) => sink.renew(asOf)),
  }
}
