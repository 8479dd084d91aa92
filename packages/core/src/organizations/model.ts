import { z } from 'zod'
import type { Id } from '../kernel/id.ts'
import { jsonObject } from '../kernel/json.ts'
import { asciiDomain, singleLine } from '../text/index.ts'
import { userStatus } from '../users/model.ts'
import { organizationId, userId } from '../kernel/ids.ts'

export type OrganizationId = Id<'org'>

export const organizationStatus = z.enum(['active', 'suspended', 'archived'])
export type OrganizationStatus = z.infer<typeof organizationStatus>

/** A short name for URLs and command lines. */
export const slug = z
  .string()
  .max(256)
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, '1 to 63 lower case letters, digits and -, not at the ends'))
export const organizationName = singleLine(200).pipe(z.string().min(1))
export const organizationSettings = jsonObject(16_384)

/** A domain as DNS has it, of at least two labels; short enough for a label of ours before it. */
export const domainName = z
  .string()
  .max(1024)
  .transform((text) => asciiDomain(text) ?? '')
  .pipe(z.string().max(244).regex(/\./, 'a domain name, for example example.com'))

export const membershipRole = z.enum(['owner', 'admin', 'member'])
export type MembershipRole = z.infer<typeof membershipRole>

/** An organization as its members see it. */
export const OrganizationSummary = z.object({ id: organizationId, slug: z.string(), name: z.string() })
export type OrganizationSummary = z.infer<typeof OrganizationSummary>

/** What a user is in an organization. */
export const Membership = z.object({
  organization: OrganizationSummary.extend({ status: organizationStatus }),
  role: membershipRole,
  joinedAt: z.date(),
})
export type Membership = z.infer<typeof Membership>

/** A tenant. */
export const Organization = OrganizationSummary.extend({
  status: organizationStatus,
  seatLimit: z.int().nullable().meta({ description: 'how many members there may be; null: any number' }),
  resourcePolicy: z.string().nullable(),
  settings: z.record(z.string(), z.json()),
  memberCount: z.int(),
  archivedAt: z.date().nullable(),
  version: z.int(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type Organization = z.infer<typeof Organization>

/** A domain that an organization claims, and the DNS record that verifies it. */
export const Domain = z.object({
  domain: z.string(),
  verifiedAt: z.date().nullable(),
  record: z.object({ type: z.literal('TXT'), name: z.string(), value: z.string() }),
  createdAt: z.date(),
})
export type Domain = z.infer<typeof Domain>

/** A member, as other members see them. */
export const Member = z.object({
  user: z.object({
    id: userId,
    username: z.string(),
    email: z.string().nullable(),
    displayName: z.string().nullable(),
    avatarUrl: z.string().nullable(),
    status: userStatus,
  }),
  role: membershipRole,
  managed: z.boolean().meta({ description: 'whether whether the organization manages the account, not only the membership' }),
  joinedAt: z.date(),
})
export type Member = z.infer<typeof Member>
