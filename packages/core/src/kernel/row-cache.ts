/** So many are remembered at least; twice as many at most. */
const capacity = 4096

/**
 * What was read of rows, for as long as the database says that they are in the same version. It
 * decides nothing: whoever reads asks the database for ids and versions every time.
 */
export class RowCache {
  #recent = new Map<string, CachedRow>()
  #older: ReadonlyMap<string, CachedRow> = new Map()

  /** undefined: it is not known, or in another version. */
  get(id: string, version: string): object | undefined {
    const found = this.#recent.get(id) ?? this.#older.get(id)
    if (found?.version !== version) return undefined
    if (!this.#recent.has(id)) this.set(id, version, found.value)
    return found.value
  }

  /** The value must not change, nor go to anybody who could change it. */
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
