import type { Id } from './id.ts'

/** The limits of a user, from policies and settings. null: unlimited. */
export interface UserLimits {
  /** Sessions of any kind at once. */
  readonly maxSessions: number | null
  /** Sessions opened by signing in at once. */
  readonly maxConcurrentLogins: number | null
  /** What happens at a sign-in above that limit. */
  readonly loginExcess: 'refuse' | 'evictOldest'
  /** Valid API tokens. */
  readonly maxApiTokens: number | null
  /** Organizations that the user may own. */
  readonly maxOrganizations: number | null
  /** Owned resources, of every type or by type. */
  readonly maxResourcesPerType: number | Readonly<Record<string, number | null>> | null
  readonly requestsPerMinute: number | null
  /** Days after which a password has to be changed. */
  readonly passwordLifetimeDays: number | null
  /** Minutes that a session lasts at most, however often it is refreshed. */
  readonly sessionLifetimeMinutes: number | null
  /** Second factors that may be set up and used. */
  readonly allowedFactors: readonly ('totp' | 'passkey')[]
}

/** Where limits come from; the pipeline provides the one of policies. */
export interface LimitSource {
  /** Reads the limits of a user in the command's transaction. */
  ofUser(userId: Id<'usr'>): Promise<UserLimits>
}
