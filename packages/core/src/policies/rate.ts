import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Principal } from '../kernel/actor.ts'
import type { Cache, CacheState } from '../kernel/caches.ts'
import { DenizenError } from '../kernel/errors.ts'
import { uuidOf } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import type { Ports } from '../ports/index.ts'
import { tooManyRequests } from './errors.ts'

const minute = 60_000

/** Milliseconds without a retry after the database was unavailable. */
const silence = 1_000

/** A process reserves at most this fraction of what is left in a minute, so that little stays unused. */
const share = 8

/** Users whose calls are counted in a minute; then all reservations are given up, and made again. */
const mostBlocks = 100_000

/** A user's calls in the current minute. */
interface Block {
  /** Calls left in the reservation of this process. */
  left: number
  /** Calls that this process has reserved. */
  given: number
  /** Calls that all processes had reserved at the last request. */
  taken: number
  /** Calls that wait for the database. */
  waiting: number
  asking: Promise<void> | null
}

interface RateParts extends Pick<Ports, 'clock' | 'logger'> {
  /** Each call runs in a transaction of its own. */
  readonly reader: () => SqlEntityManager
  /** The error that a caller would get for what a driver threw. */
  readonly toDomainError: (thrown: unknown) => unknown
}

/**
 * The rate limit of users per minute of the clock, exact across processes: each process reserves blocks of calls from one row, in one
 * statement, and counts them down in memory. Users without a limit cost nothing.
 */
export class RequestRate implements Cache {
  readonly #parts: RateParts
  #minute = -1
  #blocks = new Map<Principal['userId'], Block>()
  #silentUntil = -Infinity

  constructor(parts: RateParts) {
    this.#parts = parts
  }

  get state(): CacheState {
    return { name: 'requestRates', entries: this.#blocks.size, most: mostBlocks }
  }

  /** Counts a call if no database is needed; false: use `count`. */
  countImmediately({ userId, requestsPerMinute }: RateLimited): boolean {
    if (requestsPerMinute === null) return true
    const block = this.#blockOf(userId)
    if (block.left === 0) return false
    block.left--
    return true
  }

  /**
   * Counts a call, or throws `policies.tooManyRequests`. While the database is unavailable, queries are not counted: most of them are
   * answered from memory.
   */
  async count(limited: RateLimited, { reads }: { readonly reads: boolean }): Promise<void> {
    const { userId, requestsPerMinute: limit } = limited
    while (!this.countImmediately(limited)) {
      const block = this.#blockOf(userId)
      if (limit === null || block.taken >= limit) throw tooManyRequests({ limit: limit ?? 0, retryAfter: this.#secondsLeft() })
      if (reads && this.#parts.clock.monotonic() < this.#silentUntil) return
      block.waiting++
      try {
        await (block.asking ??= this.#ask(block, userId, limit).finally(() => (block.asking = null)))
      } catch (thrown) {
        const error = this.#parts.toDomainError(thrown)
        if (!(error instanceof DenizenError) || error.kind !== 'unavailable') throw thrown
        this.#silentUntil = this.#parts.clock.monotonic() + silence
        if (!reads) throw error
        this.#parts.logger.warn('calls are not counted while the database is away', { error })
        return
      } finally {
        block.waiting--
      }
    }
  }

  /** Reservations expire with the minute. */
  #blockOf(userId: Principal['userId']): Block {
    const now = Math.floor(this.#parts.clock.now().getTime() / minute)
    if (now !== this.#minute) {
      this.#minute = now
      this.#blocks = new Map()
    }
    const known = this.#blocks.get(userId)
    if (known !== undefined) return known
    if (this.#blocks.size >= mostBlocks) this.#blocks = new Map()
    const block = { left: 0, given: 0, taken: 0, waiting: 0, asking: null }
    this.#blocks.set(userId, block)
    return block
  }

  async #ask(block: Block, userId: Principal['userId'], limit: number): Promise<void> {
    const startedAt = new Date(this.#minute * minute)
    const wanted = blockSize(block, limit)
    const id = uuidOf(userId)
    const [answer] = await runStatement<Answer>(this.#parts.reader(), takeRequests, [id, startedAt, wanted, limit, id, startedAt])
    // No row: another transaction inserted it meanwhile; the next attempt finds it.
    if (answer === undefined) return
    block.taken = answer.taken
    if (!answer.given) return
    block.left += wanted
    block.given += wanted
  }

  #secondsLeft(): number {
    return Math.ceil(((this.#minute + 1) * minute - this.#parts.clock.now().getTime()) / 1000)
  }
}

/**
 * The size of a reservation: a fraction of what is left, and no more than this process has used so far or has waiting, so that a process
 * with few calls does not hold back many.
 */
export function blockSize({ taken, given, waiting }: Pick<Block, 'taken' | 'given' | 'waiting'>, limit: number): number {
  const fair = Math.floor((limit - taken) / share)
  return Math.max(1, Math.min(fair, Math.max(given, waiting)))
}

type RateLimited = Pick<Principal, 'userId' | 'requestsPerMinute'>

interface Answer {
  readonly taken: number
  readonly given: boolean
}

const takeRequests = statement(
  'request_window',
  `with asked as (
      insert into request_windows as w (user_id, started_at, taken) values (?::uuid, ?::timestamptz, ?::int)
        on conflict (user_id, started_at) do update set taken = w.taken + excluded.taken where w.taken + excluded.taken <= ?::int
        returning w.taken)
    select taken, true as given from asked
    union all select taken, false from request_windows where user_id = ?::uuid and started_at = ?::timestamptz and not exists (select 1 from asked)`,
)
