import { BoundedCache, type Cache, type CacheState } from './caches.ts'

/** Rows by id and version. Readers ask the database for ids and versions every time, so nothing has to be invalidated. */
export class RowCache implements Cache {
  readonly #rows = new BoundedCache<CachedRow>('rows', 8192)

  get state(): CacheState {
    return this.#rows.state
  }

  /** undefined: not cached, or cached in another version. */
  get(id: string, version: string): object | undefined {
    return this.#rows.get(id, (row) => row.version === version)?.value
  }

  /** The value must not change, nor reach anyone who could change it. */
  set(id: string, version: string, value: object): void {
    this.#rows.set(id, { version, value })
  }
}

interface CachedRow {
  readonly version: string
  readonly value: object
}
