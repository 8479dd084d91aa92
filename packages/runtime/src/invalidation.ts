import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseUnavailable, invalidationChannel, type Clock, type FeedSink, type InvalidationFeed, type Logger } from '@denizen/core'
import { Client } from 'pg'
import { clientConfig, sessionStatement } from './client-config.ts'
import type { PostgresServer } from './database-url.ts'
import { sessionOf, type PostgresPlace } from './postgres.ts'

export interface PostgresFeedOptions {
  readonly place: PostgresPlace
  readonly clock: Clock
  readonly logger: Logger
}

export interface FeedState {
  readonly connected: boolean
  /** Monotonic time up to which all invalidations are known; null before the first poll. */
  readonly heardUpTo: number | null
  /** How often the connection was lost since `open`. */
  readonly losses: number
}

export interface PostgresFeed extends InvalidationFeed {
  state(): FeedState
}

const heartbeatMs = 250
/** After this the connection counts as lost. Less than the lease (750 ms), so that a new one is tried soon. */
const answerTimeoutMs = 700
const shortestPauseMs = 50
const longestPauseMs = 1000

/**
 * What is new since the poll before, and where the next poll starts. A transaction
 * that was open at a poll has an xid at or above that poll's xmin, so reading from
 * there again misses none, whatever order they commit in, and waits for none.
 */
const pollStatement = `
  select pg_snapshot_xmin(pg_current_snapshot())::text as xmin,
    coalesce((select json_agg(json_build_array(id, keys)) from invalidations where xid >= $1::text::xid8), '[]') as rows`

interface PollAnswer {
  readonly xmin: string
  readonly rows: readonly (readonly [id: string, keys: readonly string[]])[]
}

/**
 * Receives the invalidations of other processes on a connection of its own. NOTIFY wakes it
 * at once; the poll of the table every 250 ms is what counts, so nothing depends on a
 * notification arriving, or on LISTEN being allowed at all.
 *
 * The bound: `renew(asOf)` is called only after the answer to a poll that was sent after
 * `asOf`. So what was committed at T is dropped before any renewal past T, and a lease of
 * 750 ms ends at T + 750 ms at the latest, whatever happens to the connection.
 *
 * `open` rejects with `request.databaseUnavailable` when the first connection fails;
 * later ones are tried again until `close`.
 */
export function postgresFeed(options: PostgresFeedOptions): PostgresFeed {
  const follower = new Follower(options)
  return {
    soleProcess: false,
    state: () => follower.state,
    open: (sink) => follower.open(sink),
    close: () => follower.close(),
  }
}

class Follower {
  state: FeedState = { connected: false, heardUpTo: null, losses: 0 }
  readonly #options: PostgresFeedOptions
  readonly #stop = new AbortController()
  #running: Promise<void> | null = null

  constructor(options: PostgresFeedOptions) {
    this.#options = options
  }

  open(sink: FeedSink): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#running !== null) throw new TypeError('The feed is open already, or was closed.')
      this.#running = this.#run(sink, resolve, (error) => reject(databaseUnavailable({}, error)))
    })
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('The feed was closed.'))
    await this.#running
    this.state = { ...this.state, connected: false }
  }

  async #run(sink: FeedSink, caughtUp: () => void, failed: (error: unknown) => void): Promise<void> {
    const { logger } = this.#options
    const { signal } = this.#stop
    let pause = shortestPauseMs
    while (!signal.aborted) {
      try {
        await this.#follow(sink, () => {
          pause = shortestPauseMs
          caughtUp()
        })
      } catch (error) {
        if (signal.aborted) return
        if (this.state.heardUpTo === null) return failed(error)
        logger.warn('Lost the invalidation feed. Nothing is served from the cache until it is back.', { error })
      }
      this.state = { ...this.state, connected: false, losses: this.state.losses + 1 }
      await sleep(pause * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {})
      pause = Math.min(pause * 2, longestPauseMs)
    }
  }

  /** One connection, until it is lost or the feed is closed. Always throws. */
  async #follow(sink: FeedSink, caughtUp: () => void): Promise<never> {
    const { clock, place } = this.#options
    const link = new Link(place.direct, this.#stop.signal)
    link.client.on('notification', ({ payload }) => {
      if (payload === undefined || payload === '') link.wake()
      else sink.drop(payload.split(','))
    })
    try {
      await link.within(link.client.connect())
      await link.within(link.client.query(sessionStatement(sessionOf(place))))
      await this.#listen(link)
      let previous: PollAnswer | null = null
      for (;;) {
        const asOf = clock.monotonic()
        const answer: PollAnswer = await poll(link, previous)
        if (previous === null) sink.clear()
        else dropNew(sink, previous, answer)
        previous = answer
        sink.renew(asOf)
        this.state = { ...this.state, connected: true, heardUpTo: asOf }
        caughtUp()
        await link.rest(heartbeatMs - (clock.monotonic() - asOf))
      }
    } finally {
      link.destroy()
    }
  }

  async #listen(link: Link): Promise<void> {
    try {
      await link.within(link.client.query(`listen ${invalidationChannel}`))
    } catch (error) {
      if (link.isLost) throw error
      this.#options.logger.warn('LISTEN is not allowed on this connection. Invalidations are polled every 250 ms.', {
        error: messageOf(error),
      })
    }
  }
}

async function poll(link: Link, previous: PollAnswer | null): Promise<PollAnswer> {
  const { rows } = await link.within(link.client.query<PollAnswer>(pollStatement, [previous?.xmin ?? null]))
  const [answer] = rows
  if (answer === undefined) throw new Error('The poll had no answer.')
  return answer
}

function dropNew(sink: FeedSink, previous: PollAnswer, answer: PollAnswer): void {
  const seen = new Set(previous.rows.map(([id]) => id))
  const keys = answer.rows.filter(([id]) => !seen.has(id)).flatMap(([, found]) => found)
  if (keys.length > 0) sink.drop(keys)
}

/** A connection on a socket of our own: `client.end()` would wait for a server that may be gone. */
class Link {
  readonly client: Client
  readonly #socket = new Socket()
  readonly #stop: AbortSignal
  readonly #onStop = (): void => this.#lose(new Error('The feed was closed.'))
  #lost: Error | null = null
  #interrupt = (_error: Error): void => {}
  /** Ends the current `rest`, if there is one. */
  wake = (): void => {}

  constructor(server: PostgresServer, stop: AbortSignal) {
    this.client = new Client({ ...clientConfig(server, 'invalidation'), stream: () => this.#socket })
    this.client.on('error', (error) => this.#lose(error))
    this.client.on('end', () => this.#lose(lost('ECONNRESET', 'The connection ended.')))
    this.#stop = stop
    stop.addEventListener('abort', this.#onStop)
  }

  get isLost(): boolean {
    return this.#lost !== null
  }

  /** Waits for the work, at most `answerTimeoutMs` and while the connection lives. */
  within<T>(work: Promise<T>): Promise<T> {
    return this.#interruptible((resolve, reject) => {
      const timer = setTimeout(() => this.#lose(lost('ETIMEDOUT', `No answer within ${answerTimeoutMs} ms.`)), answerTimeoutMs)
      work.then(resolve, reject).finally(() => clearTimeout(timer))
      return timer
    })
  }

  /** Waits until the next heartbeat is due, `wake` is called or the connection is lost. */
  rest(ms: number): Promise<void> {
    return this.#interruptible<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms))
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
      return timer
    })
  }

  destroy(): void {
    this.#stop.removeEventListener('abort', this.#onStop)
    this.#socket.destroy()
  }

  #lose(error: Error): void {
    this.#lost ??= error
    this.#interrupt(this.#lost)
  }

  #interruptible<T>(start: (resolve: (value: T) => void, reject: (error: unknown) => void) => NodeJS.Timeout): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = start(resolve, reject)
      this.#interrupt = (error) => {
        clearTimeout(timer)
        reject(error)
      }
      if (this.#lost !== null) this.#interrupt(this.#lost)
    })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function lost(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
