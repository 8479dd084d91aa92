/** What the principal cache hears from other processes. */
export interface FeedSink {
  /** Drop these: `user:<uuid>` or `session:<uuid>`. */
  drop(keys: readonly string[]): void
  /** Forget everything: some invalidations may have been missed. */
  clear(): void
  /**
   * Everything committed up to `asOf` (a reading of the monotonic clock) has been
   * heard: cached principals may be served until `asOf` plus the lease.
   */
  renew(asOf: number): void
}

/**
 * How this process hears what other processes took away. As long as it renews,
 * cached principals may be served; when it falls silent, the database decides.
 */
export interface InvalidationFeed {
  /** true: no other process can change this database, so the lease never ends. */
  readonly soleProcess: boolean
  /** Starts listening. Resolves when caught up. */
  open(sink: FeedSink): Promise<void>
  close(): Promise<void>
}
