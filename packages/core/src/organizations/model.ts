import { z } from 'zod'
import { idSchema, type Id } from '../kernel/id.ts'

export const organizationId = idSchema('org')
export type OrganizationId = Id<'org'>

export type OrganizationStatus = 'active' | 'suspended' | 'archived'

export const membershipRole = z.enum(['owner', 'admin', 'member'])
export type MembershipRole = z.infer<typeof membershipRole>

/** An organization as its members see it. */
export const OrganizationSummary = z.object({ id: organizationId, slug: z.string(), name: z.string() })
export type OrganizationSummary = z.infer<typeof OrganizationSummary>
