import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Logger } from '../ports/logger.ts'

/** Milliseconds. */
const minute = 60_000
/** How long what was seen waits, so that many go together. */
const usualDelay = 10_000
/** Rows in one statement: small, so that nobody else waits for long. */
const chunk = 200

interface Parts<Key> {
  readonly reader: () => SqlEntityManager
  readonly logger: Logger
  /** Notes times, unless later ones are known. */
  readonly write: (em: SqlEntityManager, seen: readonly (readonly [key: Key, at: Date])[]) => Promise<void>
  /** What it notes, for the log: `users were last seen`. */
  readonly what: string
  readonly delay?: number
}

/**
 * When users were last seen, or something of theirs was last used: kept in memory, and written a little later, at most
 * once a minute for each. Never on the path of a request.
 */
export class LastSeen<Key extends string> {
  readonly #reader: () => SqlEntityManager
  readonly #logger: Logger
  readonly #write: Parts<Key>['write']
  readonly #what: string
  readonly #delay: number
  /** When each user was last noted, in milliseconds; whoever was, is not noted again for a minute. */
  readonly #noted = new Map<Key, number>()
  #unwritten = new Map<Key, number>()
  #started = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(parts: Parts<Key>) {
    this.#reader = parts.reader
    this.#logger = parts.logger
    this.#write = parts.write
    this.#what = parts.what
    this.#delay = parts.delay ?? usualDelay
  }

  /** Stands on the hottest path: a look into a map, and once a minute a note. Whether it was noted. */
  note(key: Key, now: Date): boolean {
    const at = now.getTime()
    const before = this.#noted.get(key)
    if (before !== undefined && at - before < minute) return false
    this.#noted.delete(key) // so that they stand in the order of their times
    this.#noted.set(key, at)
    this.#unwritten.set(key, at)
    this.#schedule()
    return true
  }

  /** Writes what is noted from now on without being asked. */
  start(): void {
    this.#started = true
    if (this.#unwritten.size > 0) this.#schedule()
  }

  /** Writes what is noted, and rests. Never rejects. */
  stop(): Promise<void> {
    this.#started = false
    clearTimeout(this.#timer)
    this.#timer = undefined
    return this.write()
  }

  /** Writes what was noted since the last time, chunk by chunk. Never rejects: what cannot be written waits for the next time. */
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
        this.#logger.warn(`When ${this.#what} could not be written; it is tried again later.`, {
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

  /** Whoever was noted before this may be noted anew anyhow. */
  #forget(before: number): void {
    for (const [key, at] of this.#noted) {
      if (at > before) return
      this.#noted.delete(key)
    }
  }

  /** One timer at a time, and none while there is nothing to write: an idle process may end. */
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
