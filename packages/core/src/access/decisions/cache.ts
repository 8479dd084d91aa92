import type { SqlEntityManager } from '@mikro-orm/sql'
import { LeasedCache, combinedSink } from '../../invalidation/index.ts'
import type { Cache } from '../../kernel/caches.ts'
import type { Decisions, DecisionFacts, Scope, ScopeId, Subject, SubjectKey, DecisionRequest } from '../../kernel/decisions.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FeedSink } from '../../ports/invalidation.ts'
import { RoleDefinitionCache } from '../../grants/index.ts'
import { FactsReader } from '../facts/reader.ts'
import { loadScopes } from '../facts/scopes.ts'
import { compileSubject, cacheKeyOf, type CachedSubject } from './cached-subject.ts'

/** How many assignments are cached at most, with their subjects: some 20 000 users with a few each. */
const mostAssignments = 200_000
const mostScopes = 100_000

interface DecisionCacheParts {
  readonly clock: Clock
  readonly soleProcess: boolean
  readonly catalogue: Catalogue
}

/**
 * A cache of subjects, scopes and roles for decisions, with the same guarantee as the cache of principals: changes are heard of within
 * the time limit, and whatever was loaded during a change is not cached. Missing subjects and scopes are not cached, because nobody
 * announces their creation.
 */
export class DecisionCache implements FeedSink {
  readonly #parts: DecisionCacheParts
  readonly #subjects: LeasedCache<CachedSubject>
  readonly #scopes: LeasedCache<Scope>
  readonly #sink: FeedSink
  readonly caches: readonly Cache[]
  /** Principals are made from it too. */
  readonly roles: RoleDefinitionCache

  constructor(parts: DecisionCacheParts) {
    const { clock, soleProcess } = parts
    this.#parts = parts
    this.#subjects = new LeasedCache({
      name: 'subjects',
      clock,
      soleProcess,
      capacity: mostAssignments,
      keysOf: ({ keys }) => keys,
      validUntil: ({ validUntil }) => validUntil,
      weightOf: ({ weight }) => weight,
    })
    this.#scopes = new LeasedCache({
      name: 'scopes',
      clock,
      soleProcess,
      capacity: mostScopes,
      keysOf: keysOfScope,
      validUntil: () => Infinity,
    })
    this.roles = new RoleDefinitionCache(parts)
    const caches = [this.#subjects, this.#scopes, this.roles]
    this.caches = caches
    this.#sink = combinedSink(caches)
  }

  subject(key: SubjectKey, now: Date): Subject | undefined {
    return this.#subjects.get(cacheKeyOf(key), now)
  }

  scope(id: ScopeId, now: Date): Scope | undefined {
    return this.#scopes.get(id, now)
  }

  /** The facts of a request, if all of them are cached; undefined: they have to be loaded. */
  cached(request: DecisionRequest, now: Date): DecisionFacts | undefined {
    const subjects: Subject[] = []
    for (const key of request.subjects) {
      const subject = this.subject(key, now)
      if (subject === undefined) return undefined
      subjects.push(subject)
    }
    const scopes: Scope[] = []
    for (const id of request.scopes) {
      const scope = this.scope(id, now)
      if (scope === undefined) return undefined
      scopes.push(scope)
    }
    return {
      subject: ({ userId, sessionId }) => subjects.find((one) => one.userId === userId && one.sessionId === sessionId) ?? null,
      scope: (id) => scopes[request.scopes.indexOf(id)] ?? null,
    }
  }

  async loadSubjects(em: SqlEntityManager, keys: readonly SubjectKey[], now: Date): Promise<readonly Subject[]> {
    const { generation } = this.#subjects
    const { catalogue } = this.#parts
    const facts = await new FactsReader(em, 'now', now, this.roles).validSubjects(catalogue, keys)
    const loaded = facts.map((each) => compileSubject(catalogue, each, now))
    for (const subject of loaded) this.#subjects.put(cacheKeyOf(subject), subject, generation)
    return loaded
  }

  async loadScopes(em: SqlEntityManager, ids: readonly ScopeId[]): Promise<ReadonlyMap<ScopeId, Scope>> {
    const { generation } = this.#scopes
    const loaded = await loadScopes(em, ids)
    for (const [id, scope] of loaded) this.#scopes.put(id, scope, generation)
    return loaded
  }

  drop(keys: readonly string[]): void {
    this.#sink.drop(keys)
  }

  clear(): void {
    this.#sink.clear()
  }

  renew(asOf: number): void {
    this.#sink.renew(asOf)
  }
}

/** The ids whose invalidation drops a cached scope: it, or one of its ancestors, was moved, transferred or deleted. */
function keysOfScope({ organizationId, path }: Scope): readonly string[] {
  return organizationId === null ? path : [organizationId, ...path]
}

/** The facts of one call; they stay the same for the whole call, even if cache entries are invalidated or evicted. */
export function decisionsFor(cache: DecisionCache, open: () => Promise<SqlEntityManager>, now: Date): Decisions {
  const subjects = new Map<string, Subject | null>()
  const scopes = new Map<ScopeId, Scope | null>()
  const facts: DecisionFacts = { subject: (key) => subjects.get(cacheKeyOf(key)) ?? null, scope: (id) => scopes.get(id) ?? null }
  const isKnown = <Key, Value>(all: Map<Key, Value | null>, key: Key, found: Value | undefined): boolean => {
    if (!all.has(key) && found !== undefined) all.set(key, found)
    return all.has(key)
  }
  return {
    roles: cache.roles,
    async load(request: DecisionRequest) {
      const absent = request.subjects.filter((key) => !isKnown(subjects, cacheKeyOf(key), cache.subject(key, now)))
      const missing = [...new Set(request.scopes)].filter((id) => !isKnown(scopes, id, cache.scope(id, now)))
      if (absent.length + missing.length === 0) return facts
      const em = await open()
      // Sent together: one round trip instead of two.
      const [loaded, found] = await Promise.all([
        absent.length === 0 ? [] : cache.loadSubjects(em, absent, now),
        missing.length === 0 ? noScopes : cache.loadScopes(em, missing),
      ])
      for (const key of absent) subjects.set(cacheKeyOf(key), null)
      for (const subject of loaded) subjects.set(cacheKeyOf(subject), subject)
      for (const id of missing) scopes.set(id, found.get(id) ?? null)
      return facts
    },
  }
}

const noScopes: ReadonlyMap<ScopeId, Scope> = new Map()
