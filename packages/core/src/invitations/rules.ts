import type { Grant } from '../kernel/grants.ts'
import { grantsOf, organizationRoles } from '../grants/index.ts'
import { isGrantedEverywhere, type Actor } from '../kernel/actor.ts'
import type { Settings } from '../kernel/settings.ts'
import type { Catalogue } from '../kernel/signature.ts'
import { isAtLeast, mayAssignRole, type MembershipRole, type OrganizationId } from '../organizations/index.ts'
import { isActing, type UserStatus } from '../users/index.ts'
import type { InvitationState } from './model.ts'

/**
 * The highest role to which an inviter can invite: one with no more permissions
 * than the inviter has there. Anybody who may invite can invite members.
 */
export function highestRole(actor: Actor, organizationId: OrganizationId): MembershipRole {
  return (['owner', 'admin'] as const).find((role) => mayAssignRole(actor, organizationId, role)) ?? 'member'
}

/** Whether an actor invites for the whole installation. */
export function mayInviteAnywhere(actor: Actor): boolean {
  return isGrantedEverywhere(actor, 'organizations.invite')
}

/** The current state of the inviter. */
export interface Inviter {
  readonly status: UserStatus
  /** As whom the mail names them: their proved address, else their username. */
  readonly name: string
  /** Whether their grants are frozen. */
  readonly frozen: boolean
  /** Their role in the organization; null: no member any more. */
  readonly role: MembershipRole | null
  /** Their grants everywhere, and in the organization. */
  readonly holdings: readonly Grant[]
}

interface Offered {
  readonly role: MembershipRole
  readonly organization: { readonly id: OrganizationId }
  /** null: the operator of the machine sent it. */
  readonly inviter: Inviter | null
}

/** Whether an invitation is still valid: its inviter could still invite to that role, or has it. */
export function isStillValid({ role, organization, inviter }: Offered, catalogue: Catalogue): boolean {
  if (inviter === null) return true
  if (!isActing(inviter.status) || inviter.frozen) return false
  if (inviter.role !== null && isAtLeast(inviter.role, role)) return true
  const grants = grantsOf(catalogue, inviter.holdings)
  const held = role === 'member' ? ['organizations.invite'] : ['organizations.invite', ...organizationRoles[role].permissions]
  return held.every((permission) => grants.covers(permission, organization.id))
}

/** Whether an invitation also makes an account for who has none: where sign-up is closed, only one of an administrator of the installation does. */
export function makesAccounts({ inviter }: Pick<Offered, 'inviter'>, { signUp }: Pick<Settings, 'signUp'>, catalogue: Catalogue): boolean {
  return signUp !== 'closed' || inviter === null || grantsOf(catalogue, inviter.holdings).allowsEverywhere('users.create')
}

interface Answers {
  readonly acceptedAt: Date | null
  readonly declinedAt: Date | null
  readonly revokedAt: Date | null
  readonly expiresAt: Date
}

/** The state of an invitation. */
export function stateOf({ acceptedAt, declinedAt, revokedAt, expiresAt }: Answers, now: Date): InvitationState {
  if (acceptedAt !== null) return 'accepted'
  if (declinedAt !== null) return 'declined'
  if (revokedAt !== null) return 'revoked'
  return expiresAt > now ? 'pending' : 'expired'
}
