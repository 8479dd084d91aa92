export { OrganizationRow } from './entity.ts'
export {
  firstMembership,
  isMember,
  lockOrganizations,
  membershipsOf,
  optionalOrganizationTarget,
  organizationTarget,
} from './repository.ts'
export * from './errors.ts'
export type { MembershipRole, OrganizationId, OrganizationStatus } from './model.ts'
export { ownedOrganizations, ownerlessAfter, ownerlessWithout } from './last-owner.ts'
export { reserveMembership } from './member-limit.ts'
export { isAtLeast, mayAssignRole } from './rules.ts'
export { allOf, selectMembers, type ListedMember } from './queries.ts'
export { organizationsSignatures } from './signatures.ts'
export { unanswered, revokeInvitationsSentBy } from './revoke-invitations.ts'
