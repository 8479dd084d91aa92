import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Principal } from '../kernel/context.ts'
import type { Clock } from '../ports/clock.ts'
import type { Digest } from '../ports/digest.ts'
import { equalInConstantTime, parseToken, type TokenId } from '../tokens/index.ts'
import type { PrincipalCache } from './cache.ts'
import { loadPrincipals, type LoadedPrincipal, type PrincipalParts } from './principal.ts'

/** How many load statements run at once; further misses wait and go together in the next one. */
const concurrentLoads = 4
const largestLoad = 256

interface Waiting {
  readonly resolve: (loaded: LoadedPrincipal | undefined) => void
  readonly reject: (error: unknown) => void
}

/** Told of whoever comes with a token that opens something, at every request: it must cost nothing. */
type Seen = (userId: Principal['userId'], now: Date) => void

interface AuthenticatorParts {
  readonly cache: PrincipalCache
  readonly clock: Clock
  readonly digest: Digest
  readonly principalParts: PrincipalParts
  readonly reader: () => SqlEntityManager
  readonly seen: Seen
}

/** From a token to its principal: from memory while the lease lasts, else in one statement shared by all who wait. */
export class Authenticator {
  readonly #cache: PrincipalCache
  readonly #clock: Clock
  readonly #digest: Digest
  readonly #principalParts: PrincipalParts
  readonly #reader: () => SqlEntityManager
  readonly #seen: Seen
  #waiting = new Map<TokenId, Waiting[]>()
  #running = 0
  hits = 0
  misses = 0

  constructor(parts: AuthenticatorParts) {
    this.#cache = parts.cache
    this.#clock = parts.clock
    this.#digest = parts.digest
    this.#principalParts = parts.principalParts
    this.#reader = parts.reader
    this.#seen = parts.seen
  }

  /** The principal, synchronously, when it is in memory and may be served. */
  cached(token: string): Principal | undefined {
    const now = this.#clock.now()
    const principal = this.#cache.get(this.#digest.sha256(token), now)
    if (principal === undefined) return undefined
    this.hits++
    this.#seen(principal.userId, now)
    return principal
  }

  /** The principal behind an access or API token; null when the token is not one, or opens nothing any more. */
  async authenticate(token: string): Promise<Principal | null> {
    const known = this.cached(token)
    if (known !== undefined) return known
    const parsed = parseToken(token)
    if (parsed === null || (parsed.kind !== 'access' && parsed.kind !== 'api')) return null
    this.misses++
    const generation = this.#cache.generation
    const loaded = await this.#load(parsed.id)
    const hash = this.#digest.sha256(token)
    if (loaded === undefined || !equalInConstantTime(loaded.tokenHash, hash)) return null
    this.#cache.put(hash, loaded.principal, generation)
    this.#seen(loaded.principal.userId, this.#clock.now())
    return loaded.principal
  }

  #load(id: TokenId): Promise<LoadedPrincipal | undefined> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(id) ?? []
      waiting.push({ resolve, reject })
      this.#waiting.set(id, waiting)
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#running < concurrentLoads && this.#waiting.size > 0) {
      const batch = new Map([...this.#waiting].slice(0, largestLoad))
      for (const id of batch.keys()) this.#waiting.delete(id)
      this.#running++
      void this.#run(batch).finally(() => {
        this.#running--
        this.#pump()
      })
    }
  }

  async #run(batch: ReadonlyMap<TokenId, readonly Waiting[]>): Promise<void> {
    try {
      const loaded = await loadPrincipals(this.#reader(), this.#principalParts, [...batch.keys()], this.#clock.now())
      for (const [id, waiting] of batch) for (const { resolve } of waiting) resolve(loaded.get(id))
    } catch (error) {
      for (const waiting of batch.values()) for (const { reject } of waiting) reject(error)
    }
  }
}
