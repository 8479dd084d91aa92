/** The effects that a command would have. */
export interface Plan {
  /** Rows by table; tables that would not change are left out. */
  readonly rows: Readonly<Record<string, RowChanges>>
  readonly sessionsEnded: number
  readonly tokensEnded: number
  /** How many events of each type would be written. */
  readonly events: Readonly<Record<string, number>>
  /** How many jobs of each name would be queued. */
  readonly jobs: Readonly<Record<string, number>>
  /** The items of a batch that would fail, and why. */
  readonly failed: readonly FailedItem[]
  /** What the command would answer, if that tells what becomes of each item (`users.import`). Ids in it will be others. */
  readonly answer?: unknown
}

export interface FailedItem {
  /** Its place in the batch, from 0. */
  readonly index: number
  /** The error code that the item would fail with. */
  readonly code: string
  readonly message: string
}

export interface RowChanges {
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
}

/** Changed rows, by table. */
export type ChangedRows = ReadonlyMap<string, RowChanges>
