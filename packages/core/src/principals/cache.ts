import { LeasedCache } from '../invalidation/index.ts'
import type { Principal } from '../kernel/actor.ts'
import type { CacheState } from '../kernel/caches.ts'
import type { Clock } from '../ports/clock.ts'
import { invalidationKeys } from './principal.ts'

/** The most principals in the cache. */
const capacity = 50_000

/** The cache of principals, by the hash of their token. */
export class PrincipalCache extends LeasedCache<Principal> {
  /** Calls answered from it, and principals read from the database instead. Counted by the authenticator. */
  hits = 0
  misses = 0

  constructor(clock: Clock, soleProcess: boolean) {
    super({
      name: 'principals',
      clock,
      soleProcess,
      capacity,
      keysOf: invalidationKeys,
      validUntil: ({ validUntil }) => validUntil.getTime(),
    })
  }

  override get state(): CacheState {
    return { ...super.state, hits: this.hits, misses: this.misses }
  }
}
