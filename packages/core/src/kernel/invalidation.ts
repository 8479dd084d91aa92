import type { Id } from './id.ts'

/**
 * What has changed. Cached principals that depend on it are dropped: those of a user, a session, or a token without a
 * session; of everybody in an organization; of everybody who has something by a role, a team or a resource, or limits by a policy.
 */
export type InvalidationKey = Id<'usr' | 'ses' | 'tok' | 'org' | 'rol' | 'team' | 'res' | 'pol'>

export interface InvalidationOptions {
  /**
   * `now`: something was taken away, so other processes are woken when the transaction commits.
   * `soon`: other processes read it at their next heartbeat.
   */
  readonly when: 'now' | 'soon'
  /** Only what is shown has changed, such as a name: nobody may more or less than before. */
  readonly onlyShown?: true
  /** How many sessions ended, for plans. */
  readonly sessionsEnded?: number
  /** How many tokens ended, for plans. */
  readonly tokensEnded?: number
}

export interface Invalidation extends InvalidationOptions {
  readonly key: InvalidationKey
}
