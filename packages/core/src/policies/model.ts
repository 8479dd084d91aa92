import { z } from 'zod'
import { policyId } from '../kernel/ids.ts'
import type { Id } from '../kernel/id.ts'
import { recordOf } from '../kernel/input.ts'
import { multiLine } from '../text/index.ts'

export type PolicyId = Id<'pol'>

export const policyDescription = multiLine(500)

const count = z.int().min(0).max(1_000_000_000)
/** null: unlimited. */
const most = count.nullable().optional()

/** Second factors that may be set up and used. */
const factorKind = z.enum(['totp', 'passkey'])

/** Types of resources as applications name them. JSON objects cannot have some names as keys. */
const resourceType = z
  .string()
  .max(64)
  .regex(/^(?!(?:constructor|prototype)$)[a-z][a-z0-9-]{0,63}$/, 'the type of a resource')

/** The limits that a policy sets. A limit that it does not set comes from the next policy. */
export const limits = z.strictObject({
  maxSessions: most.meta({ description: 'concurrent sessions of any kind; above that, new ones are refused' }),
  maxConcurrentLogins: most.meta({ description: 'concurrent sessions opened by signing in' }),
  loginExcess: z.enum(['refuse', 'evictOldest']).optional().meta({ description: 'what happens at a sign-in above that limit' }),
  maxApiTokens: most.meta({ description: 'valid API tokens' }),
  maxOrganizations: most.meta({ description: 'organizations that a user may create and own' }),
  maxResourcesPerType: z
    .union([count, recordOf(100, resourceType, count.nullable())])
    .nullable()
    .optional()
    .meta({ description: 'resources that a user, or an organization, may own: of every type, or by type' }),
  requestsPerMinute: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .nullable()
    .optional()
    .meta({ description: 'calls of a user per minute, in all processes together' }),
  passwordLifetimeDays: z
    .int()
    .min(1)
    .max(36_500)
    .nullable()
    .optional()
    .meta({ description: 'days after which a password has to be changed' }),
  sessionLifetimeMinutes: z
    .int()
    .min(1)
    .max(525_600)
    .nullable()
    .optional()
    .meta({ description: 'minutes that a session lasts at most, however often it is refreshed' }),
  allowedFactors: z
    .array(factorKind)
    .min(1)
    .max(2)
    .transform((kinds) => [...new Set(kinds)])
    .optional()
    .meta({ description: 'second factors that may be set up and used' }),
})
export type Limits = z.infer<typeof limits>

/** All limits, none left open; null: unlimited. */
export type AllLimits = { readonly [Name in keyof Limits]-?: Exclude<Limits[Name], undefined> }

/** Names of limits. */
export const limitName = limits.keyof()
export type LimitName = z.infer<typeof limitName>

/** A policy: named limits that can be assigned to users and organizations. */
export const Policy = z.object({
  id: policyId,
  name: z.string(),
  description: z.string().nullable(),
  limits: limits.meta({ description: 'the limits that it sets; null: unlimited' }),
  isDefault: z.boolean().meta({ description: 'applies to everybody, after all other policies' }),
  version: z.int(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type Policy = z.infer<typeof Policy>

/** How many it is assigned to. Those who have it as the default are not counted. */
export const useCounts = { users: z.int(), organizations: z.int() }

/** An effective limit, and where it comes from. */
export const EffectiveLimit = z.object({
  limit: limitName,
  value: z
    .union([z.number(), z.string(), z.array(z.string()), z.record(z.string(), z.number().nullable())])
    .nullable()
    .meta({ description: 'null: unlimited' }),
  source: z
    .enum(['user', 'organization', 'default', 'settings'])
    .meta({ description: "their own policy, their (home) organization's, the default, or the settings" }),
  policy: z.string().nullable().meta({ description: 'the name of the policy' }),
})
export type EffectiveLimit = z.infer<typeof EffectiveLimit>
