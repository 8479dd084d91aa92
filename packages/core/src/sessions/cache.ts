import type { Principal } from '../kernel/context.ts'
import type { Clock } from '../ports/clock.ts'
import type { FeedSink } from '../ports/invalidation.ts'
import { invalidationKeys } from './principal.ts'

/** How long, after the last word from the feed, cached principals may still be served: milliseconds. */
const leaseLength = 750

/** How many principals are kept at the most. */
const capacity = 50_000

/** How many recent drops are remembered to refuse stale write-backs. */
const rememberedDrops = 10_000

/**
 * Principals by the hash of their token. What is in here was true when it was
 * loaded, and nothing heard since has changed it; when the feed falls silent
 * for longer than the lease, nothing is served from here at all.
 */
export class PrincipalCache implements FeedSink {
  readonly #clock: Clock
  readonly #soleProcess: boolean
  readonly #entries = new Map<string, Principal>()
  /** Goes along with the evictions: a new iterator would walk past every entry that was ever deleted. */
  #oldest = this.#entries.keys()
  readonly #hashesByKey = new Map<string, Set<string>>()
  readonly #drops = new Map<string, number>()
  #generation = 0
  #refusedBefore = 0
  #leaseUntil = -Infinity

  constructor(clock: Clock, soleProcess: boolean) {
    this.#clock = clock
    this.#soleProcess = soleProcess
  }

  /** Whether principals may be served and kept right now. */
  get live(): boolean {
    return this.#soleProcess || this.#clock.monotonic() < this.#leaseUntil
  }

  get size(): number {
    return this.#entries.size
  }

  /** To be taken before a principal is loaded, and handed to `put` with it. */
  get generation(): number {
    return this.#generation
  }

  get(tokenHash: string, now: Date): Principal | undefined {
    const principal = this.#entries.get(tokenHash)
    if (principal === undefined || !this.live) return undefined
    if (principal.validUntil.getTime() > now.getTime()) return principal
    this.#remove(tokenHash, principal)
    return undefined
  }

  /** Keeps a principal, unless something was taken from it while it was being loaded. */
  put(tokenHash: string, principal: Principal, loadedAt: number): void {
    if (!this.live || loadedAt < this.#refusedBefore) return
    if (invalidationKeys(principal).some((key) => (this.#drops.get(key) ?? -1) >= loadedAt)) return
    if (this.#entries.size >= capacity) this.#evictOldest()
    this.#entries.set(tokenHash, principal)
    for (const key of invalidationKeys(principal)) {
      const hashes = this.#hashesByKey.get(key) ?? new Set()
      this.#hashesByKey.set(key, hashes.add(tokenHash))
    }
  }

  drop(keys: readonly string[]): void {
    for (const key of keys) {
      this.#drops.delete(key)
      this.#drops.set(key, this.#generation)
      for (const hash of this.#hashesByKey.get(key) ?? []) this.#removeByHash(hash)
    }
    this.#generation++
    this.#forgetOldDrops()
  }

  clear(): void {
    this.#entries.clear()
    this.#oldest = this.#entries.keys()
    this.#hashesByKey.clear()
    this.#drops.clear()
    this.#refusedBefore = ++this.#generation
    this.#leaseUntil = -Infinity
  }

  renew(asOf: number): void {
    this.#leaseUntil = Math.max(this.#leaseUntil, asOf + leaseLength)
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
    if (next.done !== true) this.#removeByHash(next.value)
  }

  #removeByHash(tokenHash: string): void {
    const principal = this.#entries.get(tokenHash)
    if (principal !== undefined) this.#remove(tokenHash, principal)
  }

  #remove(tokenHash: string, principal: Principal): void {
    this.#entries.delete(tokenHash)
    for (const key of invalidationKeys(principal)) {
      const hashes = this.#hashesByKey.get(key)
      hashes?.delete(tokenHash)
      if (hashes?.size === 0) this.#hashesByKey.delete(key)
    }
  }
}
