import type { Settings } from '../kernel/settings.ts'
import { longestSession } from '../sessions/model.ts'
import { mostApiTokens } from '../tokens/model.ts'
import type { AllLimits } from './model.ts'

const minute = 60_000

/** Limits without any policy. */
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
