import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Introspected } from '../kernel/credentials.ts'
import type { Principal } from '../kernel/actor.ts'
import type { RoleDefinitions } from '../kernel/decisions.ts'
import type { Clock } from '../ports/clock.ts'
import type { Digest } from '../ports/digest.ts'
import {
  equalInConstantTime,
  looksSigned,
  ownAudience,
  parseToken,
  verifyToken,
  type KeyRing,
  type TokenId,
  type Verified,
} from '../tokens/index.ts'
import type { PrincipalCache } from './cache.ts'
import { downscope } from './downscope.ts'
import { loadPrincipals, type LoadedPrincipal, type PrincipalParts } from './principal.ts'

/**
 * How many load statements run at once; further misses wait and share the next one. Two: the database
 * runs one while the result of the other is processed. More would be smaller, and cost more per principal.
 */
const concurrentLoads = 2
const largestLoad = 256

interface Waiting {
  readonly resolve: (loaded: LoadedPrincipal | undefined) => void
  readonly reject: (error: unknown) => void
}

/** Called for every authenticated request, so it must be cheap. */
type Seen = (principal: Principal, now: Date) => void

interface AuthenticatorParts {
  readonly cache: PrincipalCache
  readonly clock: Clock
  readonly digest: Digest
  readonly keys: KeyRing
  readonly principalParts: PrincipalParts
  readonly roles: RoleDefinitions
  readonly reader: () => SqlEntityManager
  readonly seen: Seen
}

/** Finds the principal of a token: in memory while the lease lasts, else in one statement shared by all waiting requests. */
export class Authenticator {
  readonly #cache: PrincipalCache
  readonly #clock: Clock
  readonly #digest: Digest
  readonly #keys: KeyRing
  readonly #principalParts: PrincipalParts
  readonly #roles: RoleDefinitions
  readonly #reader: () => SqlEntityManager
  readonly #seen: Seen
  #waiting = new Map<TokenId, Waiting[]>()
  #running = 0

  constructor(parts: AuthenticatorParts) {
    this.#cache = parts.cache
    this.#clock = parts.clock
    this.#digest = parts.digest
    this.#keys = parts.keys
    this.#principalParts = parts.principalParts
    this.#roles = parts.roles
    this.#reader = parts.reader
    this.#seen = parts.seen
  }

  /** The principal, synchronously, if it is in memory and the lease lasts. */
  cached(token: string): Principal | undefined {
    const now = this.#clock.now()
    const principal = this.#cache.get(this.#digest.sha256(token), now)
    if (principal === undefined) return undefined
    this.#cache.hits++
    this.#seen(principal, now)
    return principal
  }

  /** The principal of a token of any kind that is meant for Denizen; null: not a token, or not valid any more. */
  async authenticate(token: string): Promise<Principal | null> {
    const known = this.cached(token)
    if (known !== undefined) return known
    if (looksSigned(token)) return this.#authenticateSigned(token)
    const parsed = parseToken(token)
    if (parsed === null || (parsed.kind !== 'access' && parsed.kind !== 'api')) return null
    this.#cache.misses++
    const generation = this.#cache.generation
    const loaded = await this.#load(parsed.id)
    const hash = this.#digest.sha256(token)
    if (loaded === undefined || !equalInConstantTime(loaded.tokenHash, hash)) return null
    return this.#keep(hash, loaded.principal, generation)
  }

  /** Like `authenticate`, also for signed tokens with another audience: those are not accepted here, and not cached. */
  async introspect(token: string): Promise<Introspected | null> {
    const { settings } = this.#principalParts
    if (!looksSigned(token)) {
      const principal = await this.authenticate(token)
      return principal === null ? null : { principal, claims: null }
    }
    const others = settings.agentAudiences
    const verified = await this.#verified(token, others)
    const principal = verified === null ? null : await this.#loadSigned(verified)
    return verified === null || principal === null ? null : { principal, claims: verified.claims }
  }

  /** A signed token is valid only as long as the credential that it was issued from. */
  async #authenticateSigned(token: string): Promise<Principal | null> {
    const generation = this.#cache.generation
    const verified = await this.#verified(token, [])
    if (verified === null) return null
    this.#cache.misses++
    const principal = await this.#loadSigned(verified)
    return principal === null ? null : this.#keep(this.#digest.sha256(token), principal, generation)
  }

  #verified(token: string, others: readonly string[]): Promise<Verified | null> {
    const { settings } = this.#principalParts
    const audiences = (kind: Verified['limits']['kind']) => [ownAudience(settings, kind), ...(kind === 'agent' ? others : [])]
    return verifyToken(this.#keys, token, { issuer: settings.publicUrl, audiences, now: this.#clock.now() })
  }

  async #loadSigned({ tokenId, limits }: Verified): Promise<Principal | null> {
    const loaded = await this.#load(tokenId)
    return loaded === undefined ? null : downscope(this.#principalParts.catalogue, loaded.principal, limits)
  }

  #keep(hash: string, principal: Principal, generation: number): Principal {
    this.#cache.put(hash, principal, generation)
    this.#seen(principal, this.#clock.now())
    return principal
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
      const loaded = await loadPrincipals(this.#reader(), this.#principalParts, [...batch.keys()], this.#clock.now(), this.#roles)
      for (const [id, waiting] of batch) for (const { resolve } of waiting) resolve(loaded.get(id))
    } catch (error) {
      for (const waiting of batch.values()) for (const { reject } of waiting) reject(error)
    }
  }
}
