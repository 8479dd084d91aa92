import type { Cache, CacheState } from '../kernel/caches.ts'
import type { Clock } from '../ports/clock.ts'
import type { FeedSink } from '../ports/invalidation.ts'

/** The lease: milliseconds for which entries may be served after the feed last renewed it. */
const leaseLength = 750

/** How many recent invalidations are remembered, to refuse values that were loaded before them. */
const rememberedDrops = 10_000

interface CacheOptions<Value> {
  readonly name: string
  readonly clock: Clock
  /** No other process changes the database, so the lease never ends. */
  readonly soleProcess: boolean
  /** The largest total weight. */
  readonly capacity: number
  /** The keys whose invalidation drops a value. */
  keysOf(value: Value): readonly string[]
  /** When a value expires: milliseconds since the epoch. */
  validUntil(value: Value): number
  /** Default: 1. */
  weightOf?(value: Value): number
}

/**
 * A cache with a lease. An entry was true when it was loaded, and no invalidation heard since concerns it. If the feed is silent for
 * longer than the lease, nothing is served.
 */
export class LeasedCache<Value extends object> implements FeedSink, Cache {
  readonly #options: CacheOptions<Value>
  readonly #entries = new Map<string, Value>()
  /** An iterator that is kept between evictions: a new one would walk past every deleted entry. */
  #oldest = this.#entries.keys()
  /** Nearly every key belongs to one entry, so a set for each would waste memory. */
  readonly #entriesByKey = new Map<string, string | Set<string>>()
  readonly #drops = new Map<string, number>()
  #weight = 0
  #generation = 0
  #refusedBefore = 0
  #leaseUntil = -Infinity

  constructor(options: CacheOptions<Value>) {
    this.#options = options
  }

  /** Whether values can be served and cached now. */
  get live(): boolean {
    const { soleProcess, clock } = this.#options
    return soleProcess || clock.monotonic() < this.#leaseUntil
  }

  get state(): CacheState {
    const { name, capacity } = this.#options
    return { name, entries: this.#weight, most: capacity }
  }

  /** Read it before loading a value, and pass it to `put`. */
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

  /** Caches a value, unless something it depends on was invalidated while it was being loaded. */
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

/** Combines sinks: each gets everything. */
export function combinedSink(sinks: readonly FeedSink[]): FeedSink {
  return {
    drop: (keys) => sinks.forEach((sink) => sink.drop(keys)),
    clear: () => sinks.forEach((sink) => sink.clear()),
    renew: (asOf) => sinks.forEach((sink) => sink.renew(asOf)),
  }
}
