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
export type { MembershipRole, OrganizationId } from './model.ts'
export { takeSeat } from './guards.ts'
export { isAtLeast } from './policy.ts'
export { every, selectMembers, type ListedMember } from './reading.ts'
export { switchOrganizationSignature } from './signatures.ts'
export { unanswered, withdrawEverywhere } from './withdrawal.ts'
