import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date(), monotonic: () => performance.now() }

/** The platform's CSPRNG. */
export const webCryptoRandom: Random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) }
