import { LeasedCache } from '../invalidation/index.ts'
import type { Principal } from '../kernel/actor.ts'
import type { Clock } from '../ports/clock.ts'
import { invalidationKeys } from './principal.ts'

/** How many principals are kept at the most. */
const capacity = 50_000

/** Principals by the hash of their token. */
export class PrincipalCache extends LeasedCache<Principal> {
  constructor(clock: Clock, soleProcess: boolean) {
    super({ clock, soleProcess, capacity, keysOf: invalidationKeys, validUntil: ({ validUntil }) => validUntil.getTime() })
  }
}
