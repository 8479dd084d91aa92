import type { Actor } from '../kernel/actor.ts'
import { databaseBusy } from '../kernel/errors.ts'
import { networkOf } from '../kernel/network.ts'
import type { Origin } from '../kernel/origin.ts'

/** Milliseconds that a call waits for a connection of its caller's share. */
const longestWait = 25_000
/** Calls of one caller that may wait; further ones are refused at once. */
const longestQueue = 256

/** What runs under one key, and who waits for a place, in the order in which they came. */
interface Share {
  running: number
  readonly waiting: Set<() => void>
}

/** Who shares connections: one user, or strangers of one network; null: the system, which has no bound. */
export function shareOf(actor: Actor, { ip }: Origin, takesPrecedence: boolean): string | null {
  if (actor.kind === 'system') return null
  const caller = actor.kind === 'user' ? actor.principal.userId : ip === null ? null : networkOf(ip)
  // Otherwise whoever ends the session of a thief would wait for the thief's calls.
  return caller === null ? null : takesPrecedence ? `${precedence}${caller}` : caller
}
const precedence = 'precedence/'

/**
 * A command keeps its connection while it waits for a lock, as for the row of its own user. So that one caller with many calls does not
 * take all connections from everybody else, their commands have half of them at most; what takes power from somebody has a fifth of its own. Others wait here, where they hold nothing.
 */
export class Shares {
  readonly #shares = new Map<string, Share>()
  readonly #connections: number
  readonly #wait: number

  /** @param connections of the pool */
  constructor(connections: number, wait = longestWait) {
    this.#connections = connections
    this.#wait = wait
  }

  /** Throws `request.databaseBusy` where that takes too long. */
  async within<T>(key: string | null, work: () => Promise<T>): Promise<T> {
    if (key === null) return work()
    const share = this.#shares.get(key) ?? { running: 0, waiting: new Set() }
    this.#shares.set(key, share)
    if (share.running < this.#most(key)) share.running++
    else await this.#place(share)
    try {
      return await work()
    } finally {
      this.#leave(key, share)
    }
  }

  #most(key: string): number {
    return Math.max(1, Math.floor(this.#connections / (key.startsWith(precedence) ? 5 : 2)))
  }

  /** Waits until somebody hands over their place. */
  #place({ waiting }: Share): Promise<void> {
    if (waiting.size >= longestQueue) throw databaseBusy({})
    return new Promise((resolve, reject) => {
      const take = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        waiting.delete(take)
        reject(databaseBusy({}))
      }, this.#wait)
      waiting.add(take)
    })
  }

  #leave(key: string, share: Share): void {
    const [next] = share.waiting
    if (next === undefined) {
      if (--share.running === 0) this.#shares.delete(key)
      return
    }
    share.waiting.delete(next)
    next()
  }
}
