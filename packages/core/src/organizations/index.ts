export { OrganizationRow } from './entity.ts'
export {
  firstMembership,
  isManaged,
  lockOrganizations,
  managingOrganization,
  membershipsOf,
  optionalOrganizationTarget,
  organizationTarget,
  ownsDomainOf,
} from './repository.ts'
export * from './errors.ts'
export type { MembershipRole, OrganizationId, OrganizationStatus } from './model.ts'
export { takeSeat } from './guards.ts'
export { isAtLeast, mayGive } from './policy.ts'
export { every, selectMembers, type ListedMember } from './reading.ts'
export { organizationsSignatures } from './signatures.ts'
export { unanswered, withdrawEverywhere } from './withdrawal.ts'
