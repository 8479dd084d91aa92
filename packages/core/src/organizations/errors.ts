import { defineError } from '../kernel/errors.ts'

export const slugTaken = defineError('organizations.slugTaken', 'conflict', 'Another organization has this slug.')
export const lastOwner = defineError<{ organizationId: string } | { organizationIds: readonly string[] }>(
  'organizations.lastOwner',
  'conflict',
  'This is the last owner of the organization. Make another member an owner first.',
)
export const seatsTaken = defineError<{ seatLimit: number }>(
  'organizations.seatsTaken',
  'conflict',
  ({ seatLimit }) => `All ${seatLimit} seats of the organization are taken.`,
)
export const alreadyMember = defineError('organizations.alreadyMember', 'conflict', 'This user is a member already.')
export const organizationInactive = defineError<{ status: string }>(
  'organizations.inactive',
  'conflict',
  ({ status }) => `The organization is ${status}: nobody can join it or be changed in it.`,
)
export const tooManyOrganizations = defineError<{ limit: number }>('organizations.tooMany', 'limited', ({ limit }) =>
  limit === 0
    ? 'Here only whoever administers the installation founds organizations. Ask them for one.'
    : `You own ${limit} organizations, as many as you may. Hand one over or archive one first.`,
)
export const domainTaken = defineError(
  'organizations.domainTaken',
  'conflict',
  'Another organization has proved that this domain is its own.',
)
export const domainNotProven = defineError<{ name: string; value: string }>(
  'organizations.domainNotProven',
  'conflict',
  ({ name, value }) =>
    `DNS does not say so yet: put a TXT record at ${name} with the text "${value}", wait until it is published, and ask again.`,
)
export const addressNotManaged = defineError(
  'organizations.addressNotManaged',
  'invalid',
  'An organization makes accounts only with an address in a domain that it has verified, or without one. Invite this person instead.',
)
export const roleTooHigh = defineError(
  'organizations.roleTooHigh',
  'denied',
  'You can neither give a role above your own nor change somebody who has one.',
)
export const slugReserved = defineError(
  'organizations.slugReserved',
  'conflict',
  'New users of this installation join the organization with this slug: only whoever administers the installation gives it to one or takes it.',
)
export const userInactive = defineError<{ status: string }>(
  'organizations.userInactive',
  'conflict',
  ({ status }) => `This user is ${status}, and cannot be given a part in an organization. Change that first, or choose somebody else.`,
)
export const notAnOwner = defineError(
  'organizations.notAnOwner',
  'conflict',
  'Only an owner can hand an organization over: say in fromUserId which of its owners does.',
)
export const tooManyDomains = defineError<{ limit: number }>(
  'organizations.tooManyDomains',
  'limited',
  ({ limit }) => `An organization has at most ${limit} domains. Remove one that it does not need.`,
)
export const dnsUnavailable = defineError<{ name: string }>(
  'organizations.dnsUnavailable',
  'unavailable',
  ({ name }) => `DNS gave no answer about ${name}. Try again in a moment; if it stays so, look at the name servers of the domain.`,
)
export const dnsNotConfigured = defineError(
  'organizations.dnsNotConfigured',
  'unavailable',
  'This Denizen cannot look into DNS, so no domain can be verified: give createCore a resolver among its ports, for example that of @denizen/runtime.',
)
