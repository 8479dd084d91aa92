import { counted } from '../text/index.ts'
import { defineError } from '../kernel/errors.ts'

export const slugTaken = defineError('organizations.slugTaken', 'conflict', 'Another organization has this slug.')
export const lastOwner = defineError<{ organizationId: string } | { organizationIds: readonly string[] }>(
  'organizations.lastOwner',
  'conflict',
  'This is the last owner of the organization. Make another member an owner first.',
)
export const memberLimitReached = defineError<{ seatLimit: number }>(
  'organizations.seatsTaken',
  'conflict',
  ({ seatLimit }) => `The organization has reached its limit of ${counted(seatLimit, 'member')}; open invitations count.`,
)
export const alreadyMember = defineError('organizations.alreadyMember', 'conflict', 'This user is a member of the organization already.')
export const organizationInactive = defineError<{ status: string }>('organizations.inactive', 'conflict', ({ status }) =>
  status === 'archived'
    ? 'The organization is archived: nothing in it can be changed. An administrator of the installation can restore it.'
    : `The organization is ${status}: its members cannot be changed. Activate it first.`,
)
export const notArchived = defineError<{ status: string }>(
  'organizations.notArchived',
  'conflict',
  ({ status }) => `The organization is ${status}, not archived: there is nothing to restore.`,
)
export const tooManyOrganizations = defineError<{ limit: number }>('organizations.tooMany', 'limited', ({ limit }) =>
  limit === 0
    ? 'Only administrators of the installation create organizations here. Ask one of them.'
    : `You own ${counted(limit, 'organization')}, which is the limit. Transfer or archive one first.`,
)
export const domainTaken = defineError('organizations.domainTaken', 'conflict', 'Another organization has verified this domain.')
export const domainNotVerified = defineError<{ name: string; value: string }>(
  'organizations.domainNotProven',
  'conflict',
  ({ name, value }) =>
    `The domain is not verified yet: add a TXT record at ${name} with the text "${value}", wait until it is published, and try again.`,
)
export const addressNotManaged = defineError(
  'organizations.addressNotManaged',
  'invalid',
  'An organization can create accounts only without an address, or with one in a verified domain. Invite this person instead.',
)
export const roleTooHigh = defineError(
  'organizations.roleTooHigh',
  'denied',
  'You cannot assign a role above your own, or change a member who has one.',
)
export const slugReserved = defineError(
  'organizations.slugReserved',
  'conflict',
  'New users of this installation join the organization with this slug: only administrators of the installation can assign it.',
)
export const userInactive = defineError<{ status: string }>(
  'organizations.userInactive',
  'conflict',
  ({ status }) => `This user is ${status}, and cannot join or own an organization. Activate the user first, or choose another one.`,
)
export const notAnOwner = defineError(
  'organizations.notAnOwner',
  'conflict',
  'Only an owner can transfer an organization: name the owner in fromUserId.',
)
export const tooManyDomains = defineError<{ limit: number }>(
  'organizations.tooManyDomains',
  'limited',
  ({ limit }) => `An organization can have ${limit} domains. Remove an unused one first.`,
)
export const dnsUnavailable = defineError<{ name: string }>(
  'organizations.dnsUnavailable',
  'unavailable',
  ({ name }) => `DNS gave no answer for ${name}. Try again in a moment; if it keeps failing, check the name servers of the domain.`,
)
export const dnsNotConfigured = defineError(
  'organizations.dnsNotConfigured',
  'unavailable',
  'This installation has no DNS resolver, so it cannot verify domains: pass createCore a resolver port, for example that of @denizen/runtime.',
)
