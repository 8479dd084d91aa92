import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Cache, CacheState } from './caches.ts'
import type { Logger } from '../ports/logger.ts'

/** Milliseconds. */
const minute = 60_000
/** How long entries wait, so that many are written together. */
const usualDelay = 10_000
/** Rows per statement: few, so that locks are short. */
const chunk = 200
/** Keys that wait to be written; while the database is away, no more are noted. */
const mostUnwritten = 200_000
/** Keys that are not noted again for a minute; then all may be. */
const mostNoted = 200_000

interface Parts<Key> {
  readonly name: string
  readonly reader: () => SqlEntityManager
  readonly logger: Logger
  /** Stores the times, unless later ones are stored already. */
  readonly write: (em: SqlEntityManager, seen: readonly (readonly [key: Key, at: Date])[]) => Promise<void>
  /** What is stored, for the log: `users were last seen`. */
  readonly what: string
  readonly delay?: number
}

/**
 * A write-behind buffer of times (last seen, last used): kept in memory and written a little later, at most
 * once a minute per key. Nothing is written while a request waits.
 */
export class WriteBehindBuffer<Key extends string> implements Cache {
  readonly #name: string
  readonly #reader: () => SqlEntityManager
  readonly #logger: Logger
  readonly #write: Parts<Key>['write']
  readonly #what: string
  readonly #delay: number
  /** When each key was last noted, in milliseconds; it is not noted again for a minute. */
  readonly #noted = new Map<Key, number>()
  #unwritten = new Map<Key, number>()
  #started = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(parts: Parts<Key>) {
    this.#name = parts.name
    this.#reader = parts.reader
    this.#logger = parts.logger
    this.#write = parts.write
    this.#what = parts.what
    this.#delay = parts.delay ?? usualDelay
  }

  get state(): CacheState {
    return { name: this.#name, entries: this.#noted.size + this.#unwritten.size, most: mostNoted + mostUnwritten }
  }

  /** On the hottest path: one map lookup, and once a minute an entry. Returns whether it was noted now. */
  note(key: Key, now: Date): boolean {
    const at = now.getTime()
    const before = this.#noted.get(key)
    if (before !== undefined && at - before < minute) return false
    if (this.#unwritten.size >= mostUnwritten) return false
    if (this.#noted.size >= mostNoted) this.#noted.clear()
    this.#noted.delete(key) // keeps the map in order of time
    this.#noted.set(key, at)
    this.#unwritten.set(key, at)
    this.#schedule()
    return true
  }

  /** Starts writing on its own. */
  start(): void {
    this.#started = true
    if (this.#unwritten.size > 0) this.#schedule()
  }

  /** Writes what is waiting, and stops. Never rejects. */
  stop(): Promise<void> {
    this.#started = false
    clearTimeout(this.#timer)
    this.#timer = undefined
    return this.write()
  }

  /** Writes everything that is waiting, in chunks. Never rejects: what fails is tried again next time. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeAll())
    return this.#writing
  }

  async #writeAll(): Promise<void> {
    const waiting = [...this.#unwritten]
    this.#unwritten = new Map()
    for (let from = 0; from < waiting.length; from += chunk) {
      const seen = waiting.slice(from, from + chunk).map(([key, at]) => [key, new Date(at)] as const)
      try {
        await this.#write(this.#reader(), seen)
      } catch (error) {
        this.#logger.warn(`Could not write when ${this.#what}; trying again later.`, {
          waiting: waiting.length - from,
          error,
        })
        this.#unwritten = new Map([...waiting.slice(from), ...this.#unwritten])
        break
      }
    }
    this.#forget((waiting.at(-1)?.[1] ?? -Infinity) - minute)
    if (this.#unwritten.size > 0) this.#schedule()
  }

  /** Forgets keys that may be noted again anyway. */
  #forget(before: number): void {
    for (const [key, at] of this.#noted) {
      if (at > before) return
      this.#noted.delete(key)
    }
  }

  /** One timer at a time, and none while nothing waits: an idle process may exit. */
  #schedule(): void {
    if (!this.#started || this.#timer !== undefined) return
    const timer: unknown = setTimeout(() => {
      this.#timer = undefined
      void this.write()
    }, this.#delay)
    this.#timer = timer as ReturnType<typeof setTimeout>
    if (typeof timer === 'object') (timer as { unref?(): void }).unref?.()
  }
}
