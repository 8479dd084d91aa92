import { z } from 'zod'
import { idSchema, type Id } from '../kernel/id.ts'
import { multiLine } from '../kernel/text.ts'

export const policyId = idSchema('pol')
export type PolicyId = Id<'pol'>

export const policyDescription = multiLine(500)

const count = z.int().min(0).max(1_000_000_000)
/** null: any number; 0: none. */
const most = count.nullable().optional()

/** The second factors that may be set up and used. */
const factorKind = z.enum(['totp', 'passkey'])

/** Types of resources, as applications call them. JSON keeps some names for itself. */
const resourceType = z.string().regex(/^(?!(?:constructor|prototype)$)[a-z][a-z0-9-]{0,63}$/, 'the type of a resource')

/** What a policy says; where it says nothing, the next one does. */
export const limits = z.strictObject({
  maxSessions: most.meta({ description: 'sessions of every kind at once; one too many is refused' }),
  maxConcurrentLogins: most.meta({ description: 'sessions opened by signing in at once' }),
  loginExcess: z.enum(['refuse', 'evictOldest']).optional().meta({ description: 'what happens to a sign-in that is one too many' }),
  maxApiTokens: most.meta({ description: 'API tokens that work at once' }),
  maxOrganizations: most.meta({ description: 'organizations that a user may own who founds them' }),
  maxResourcesPerType: z
    .union([count, z.record(resourceType, count.nullable()).refine((byType) => Object.keys(byType).length <= 100, 'at most 100 types')])
    .nullable()
    .optional()
    .meta({ description: 'resources that a user, or an organization, may own: of every type, or by type' }),
  requestsPerMinute: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .nullable()
    .optional()
    .meta({ description: 'calls of a user, in all processes together' }),
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
    .meta({ description: 'minutes that a session lasts at the most, however often it is refreshed' }),
  allowedFactors: z
    .array(factorKind)
    .min(1)
    .max(2)
    .transform((kinds) => [...new Set(kinds)])
    .optional()
    .meta({ description: 'second factors that may be set up and used' }),
})
export type Limits = z.infer<typeof limits>

/** The same with nothing left open: null is unlimited. */
export type AllLimits = { readonly [Name in keyof Limits]-?: Exclude<Limits[Name], undefined> }

/** Names of limits. */
export const limitName = limits.keyof()
export type LimitName = z.infer<typeof limitName>

/** Named limits, for users and organizations to be given. */
export const Policy = z.object({
  id: policyId,
  name: z.string(),
  description: z.string().nullable(),
  limits: limits.meta({ description: 'what it says something about; null: unlimited' }),
  isDefault: z.boolean().meta({ description: 'holds for everybody, where no other policy says something' }),
  version: z.int(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type Policy = z.infer<typeof Policy>

/** How many have a policy: the default holds for the others without being counted. */
export const holders = { users: z.int(), organizations: z.int() }

/** One limit as it holds for somebody, and why. */
export const EffectiveLimit = z.object({
  limit: limitName,
  value: z
    .union([z.number(), z.string(), z.array(z.string()), z.record(z.string(), z.number().nullable())])
    .nullable()
    .meta({ description: 'null: unlimited' }),
  source: z
    .enum(['user', 'organization', 'default', 'settings'])
    .meta({ description: 'their own policy, that of their (home) organization, the default, or what holds without a policy' }),
  policy: z.string().nullable().meta({ description: 'the name of the policy' }),
})
export type EffectiveLimit = z.infer<typeof EffectiveLimit>
