/** The caches that hear what other processes have changed. */
export interface FeedSink {
  /** Drop what depends on these ids: `usr_…`, `ses_…`, `tok_…`, `org_…`, `rol_…`, `team_…`, `res_…` or `pol_…`. */
  drop(keys: readonly string[]): void
  /** Drop everything: some invalidations may have been missed. */
  clear(): void
  /** Everything committed up to `asOf` (of the monotonic clock) has been heard: cached values may be served until `asOf` plus the lease. */
  renew(asOf: number): void
}

/**
 * How this process hears of invalidations by other processes. While it renews the lease, cached values may be served; when it is silent,
 * the database is asked.
 */
export interface InvalidationFeed {
  /** true: no other process can change this database, so the lease never ends. */
  readonly soleProcess: boolean
  /** Starts listening. Resolves when it has caught up. */
  open(sink: FeedSink): Promise<void>
  close(): Promise<void>
}
