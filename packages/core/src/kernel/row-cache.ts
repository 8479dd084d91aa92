/** Entries kept at least; at most twice as many. */
const capacity = 4096

/** Rows by id and version. Readers ask the database for ids and versions every time, so nothing has to be invalidated. */
export class RowCache {
  #recent = new Map<string, CachedRow>()
  #older: ReadonlyMap<string, CachedRow> = new Map()

  /** undefined: not cached, or cached in another version. */
  get(id: string, version: string): object | undefined {
    const found = this.#recent.get(id) ?? this.#older.get(id)
    if (found?.version !== version) return undefined
    if (!this.#recent.has(id)) this.set(id, version, found.value)
    return found.value
  }

  /** The value must not change, nor reach anyone who could change it. */
  set(id: string, version: string, value: object): void {
    if (this.#recent.size >= capacity) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(id, { version, value })
  }
}

interface CachedRow {
  readonly version: string
  readonly value: object
}
