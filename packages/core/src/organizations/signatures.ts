import { z } from 'zod'
import { policyUnknown } from '../users/errors.ts'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { singleLine } from '../text/index.ts'
import { versionRead } from '../kernel/version.ts'
import { organizationId, userId } from '../kernel/ids.ts'
import {
  alreadyMember,
  dnsNotConfigured,
  dnsUnavailable,
  domainNotVerified,
  domainTaken,
  lastOwner,
  notAnOwner,
  notArchived,
  organizationInactive,
  roleTooHigh,
  memberLimitReached,
  slugReserved,
  slugTaken,
  tooManyDomains,
  tooManyOrganizations,
  userInactive,
} from './errors.ts'
import {
  Domain,
  domainName,
  Member,
  Membership,
  membershipRole,
  Organization,
  organizationName,
  organizationSettings,
  organizationStatus,
  OrganizationSummary,
  slug,
} from './model.ts'

/** Part of a text; without what the database could not compare. */
const search = singleLine(200).pipe(z.string().min(1))
const total = z.boolean().default(false).meta({ description: 'also count everything that matches' })

/** The fields of an organization that only administrators of the installation may set. */
export const installationFields = ['seatLimit', 'resourcePolicy', 'status'] as const

const DomainOf = { organizationId, domain: domainName }

/** The actions of `organizations`. */
export const organizationsSignatures = group('organizations', {
  create: changes({
    summary: 'Create an organization; you become its first owner',
    grantedTo: ['user'],
    errors: [slugTaken, tooManyOrganizations, slugReserved, userInactive],
    input: z.strictObject({
      name: organizationName,
      slug: slug.optional().meta({ description: 'made from the name when it is left out' }),
      settings: organizationSettings.optional(),
      ownerId: userId.optional().meta({ description: 'the first owner; only for those who administer the whole installation' }),
    }),
    output: Organization,
  }),
  get: reads({
    summary: 'Show an organization',
    grantedTo: ['member'],
    input: z.strictObject({ organizationId }),
    output: Organization,
  }),
  list: reads({
    summary: 'List your organizations, or all of them if you may see them',
    input: z.strictObject({
      ...pageInput,
      search: search.optional().meta({ description: 'part of the name or the slug' }),
      status: organizationStatus.optional(),
      total,
    }),
    output: pageOf(Organization).extend({ total: z.int().nullable() }),
  }),
  update: changes({
    summary: 'Change an organization',
    grantedTo: ['admin'],
    errors: [policyUnknown, slugTaken, organizationInactive, slugReserved],
    input: z.strictObject({
      organizationId,
      version: versionRead,
      name: organizationName.optional(),
      slug: slug.optional(),
      settings: organizationSettings.optional(),
      seatLimit: z.int().min(1).max(1_000_000).nullable().optional(),
      resourcePolicy: z
        .string()
        .max(63)
        .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
        .nullable()
        .optional(),
      status: organizationStatus.exclude(['archived']).optional(),
    }),
    output: Organization,
  }),
  archive: changes({
    summary: 'Archive an organization: its members lose access at once; only administrators of the installation can restore it',
    grantedTo: ['owner'],
    errors: [organizationInactive],
    input: z.strictObject({ organizationId, version: versionRead }),
    output: z.object({ organization: Organization, membersLost: z.int(), invitationsRevoked: z.int() }),
  }),
  restore: changes({
    summary: 'Restore an archived organization: its members have access again',
    errors: [notArchived],
    input: z.strictObject({ organizationId, version: versionRead }),
    output: z.object({ organization: Organization, membersBack: z.int() }),
  }),
  switch: changes({
    summary: 'Switch this session to another of your organizations',
    input: z.strictObject({ organizationId: organizationId.nullable().meta({ description: 'null: in none' }) }),
    output: z.object({ organization: OrganizationSummary.nullable(), role: membershipRole.nullable() }),
  }),
  addDomain: changes({
    summary: 'Claim a domain, and get the DNS record that verifies it',
    grantedTo: ['admin'],
    errors: [organizationInactive, tooManyDomains],
    input: z.strictObject(DomainOf),
    output: Domain,
  }),
  verifyDomain: changes({
    summary: 'Verify a domain by its DNS record',
    grantedTo: ['admin'],
    errors: [organizationInactive, domainTaken, domainNotVerified, dnsUnavailable, dnsNotConfigured],
    input: z.strictObject(DomainOf),
    output: Domain,
  }),
  removeDomain: changes({
    summary: 'Remove a domain: the organization no longer manages accounts with addresses in it',
    grantedTo: ['admin'],
    errors: [organizationInactive],
    input: z.strictObject(DomainOf),
    output: z.object({ domain: z.string() }),
  }),
  listDomains: reads({
    summary: "List an organization's domains",
    grantedTo: ['member'],
    input: z.strictObject({ organizationId }),
    output: z.object({ domains: z.array(Domain) }),
  }),
  addMember: changes({
    summary:
      'Add a user as a member without an invitation: a user that the organization manages, or, for administrators of the installation, any',
    grantedTo: ['admin'],
    errors: [memberLimitReached, alreadyMember, organizationInactive, roleTooHigh, userInactive],
    input: z.strictObject({ organizationId, userId, role: membershipRole.default('member') }),
    output: Member,
  }),
  removeMember: changes({
    summary: 'Remove a member from an organization, or leave it yourself',
    grantedTo: ['admin'],
    errors: [lastOwner, organizationInactive],
    input: z.strictObject({ organizationId, userId }),
    output: z.object({ userId, teamsLeft: z.int(), invitationsRevoked: z.int(), rolesLost: z.int() }),
  }),
  updateMember: changes({
    summary: 'Change the role of a member',
    grantedTo: ['admin'],
    errors: [lastOwner, organizationInactive, roleTooHigh],
    input: z.strictObject({ organizationId, userId, role: membershipRole }),
    output: Member,
  }),
  listMembers: reads({
    summary: 'List the members of an organization',
    grantedTo: ['member'],
    input: z.strictObject({
      organizationId,
      ...pageInput,
      role: membershipRole.optional(),
      search: search.optional().meta({ description: 'part of a username, an address or a name' }),
      total,
    }),
    output: pageOf(Member).extend({ total: z.int().nullable() }),
  }),
  listMemberships: reads({
    summary: 'List the organizations that a user is a member of',
    input: z.strictObject({ userId, ...pageInput }),
    output: pageOf(Membership),
  }),
  transferOwnership: changes({
    summary: 'Transfer ownership to another member, and become an admin',
    grantedTo: ['owner'],
    errors: [organizationInactive, userInactive, notAnOwner],
    input: z.strictObject({
      organizationId,
      toUserId: userId,
      fromUserId: userId.optional().meta({ description: 'the present owner (default: you)' }),
    }),
    output: z.object({ from: Member, to: Member }),
  }),
})
