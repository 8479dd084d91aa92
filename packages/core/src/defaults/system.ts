import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date(), monotonic: () => performance.now() }

const pool = new Uint8Array(4096)
/** Bounded by the pool. */
let taken = pool.length

/** The platform's CSPRNG, called for many bytes at once, because a call costs more than the bytes. Each byte is used once and erased. */
export const webCryptoRandom: Random = {
  bytes(length) {
    if (length > pool.length / 8) return crypto.getRandomValues(new Uint8Array(length))
    if (taken + length > pool.length) {
      crypto.getRandomValues(pool)
      taken = 0
    }
    const bytes = pool.slice(taken, taken + length)
    pool.fill(0, taken, (taken += length))
    return bytes
  },
}
