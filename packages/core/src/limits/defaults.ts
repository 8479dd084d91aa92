import type { Settings } from '../kernel/context.ts'
import { longestSession, mostApiTokens, type AllLimits } from './model.ts'

const minute = 60_000
/** The limits where no policy says anything. */
export function limitsFromSettings({ maxSessions, sessionExcess, maxOwnedOrganizations, passwords }: Settings): AllLimits {
  return {
    maxSessions: null,
    maxConcurrentLogins: maxSessions,
    loginExcess: sessionExcess,
    maxApiTokens: mostApiTokens,
    maxOrganizations: maxOwnedOrganizations,
    maxResourcesPerType: null,
    requestsPerMinute: null,
    passwordLifetimeDays: passwords.maximumAgeDays,
    sessionLifetimeMinutes: longestSession / minute,
    allowedFactors: ['totp', 'passkey'],
  }
}
