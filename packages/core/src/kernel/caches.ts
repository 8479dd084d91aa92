/** How full a cache is. */
export interface CacheState {
  readonly name: string
  /** Counted as `most` is: of what differs much in size, its parts. */
  readonly entries: number
  /** It never holds more. */
  readonly most: number
  /** Since the start; undefined: they are not counted. */
  readonly hits?: number
  readonly misses?: number
}

export interface Cache {
  readonly state: CacheState
}

/**
 * Everything that an assembly keeps in memory and that grows with what it is asked: each cache once, bounded, and told to operators by `/metrics`.
 * docs/architecture.md, "Caches", has the table of them.
 */
export class Caches {
  readonly #all = new Map<unknown, Cache>()

  /** The cache of this kind, made at its first use. */
  of<Kind extends Cache>(kind: new () => Kind): Kind {
    const known = this.#all.get(kind)
    if (known instanceof kind) return known
    const made = new kind()
    this.#all.set(kind, made)
    return made
  }

  /** Adds caches that are not made from nothing. */
  add(...caches: readonly Cache[]): void {
    for (const cache of caches) this.#all.set(cache, cache)
  }

  get states(): readonly CacheState[] {
    return [...this.#all.values()].map(({ state }) => state)
  }
}

/** A cache that does not grow: once half of it is new, it forgets what was not used since the half before. */
export class BoundedCache<Value> implements Cache {
  readonly #name: string
  readonly #most: number
  #recent = new Map<string, Value>()
  #older = new Map<string, Value>()
  #hits = 0
  #misses = 0

  constructor(name: string, most: number) {
    this.#name = name
    this.#most = most
  }

  get state(): CacheState {
    const entries = this.#recent.size + this.#older.size
    return { name: this.#name, entries, most: this.#most, hits: this.#hits, misses: this.#misses }
  }

  /** @param isCurrent whether a value may still be used; default: it may */
  get(key: string, isCurrent?: (value: Value) => boolean): Value | undefined {
    const recent = this.#recent.get(key)
    const found = recent ?? this.#older.get(key)
    if (found === undefined || isCurrent?.(found) === false) {
      this.#misses++
      return undefined
    }
    this.#hits++
    if (recent === undefined) this.set(key, found)
    return found
  }

  set(key: string, value: Value): void {
    if (this.#recent.size >= this.#most / 2) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, value)
  }

  getOrCreate(key: string, create: () => Value): Value {
    const known = this.get(key)
    if (known !== undefined) return known
    const created = create()
    this.set(key, created)
    return created
  }

  delete(key: string): void {
    this.#recent.delete(key)
    this.#older.delete(key)
  }
}
