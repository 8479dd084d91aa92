import type { Grant } from '../kernel/grants.ts'
import { grantsOf, organizationRoles } from '../grants/index.ts'
import type { Actor } from '../kernel/actor.ts'
import type { Catalogue } from '../kernel/signature.ts'
import { isAtLeast, mayAssignRole, type MembershipRole, type OrganizationId } from '../organizations/index.ts'
import { isActing, type UserStatus } from '../users/index.ts'
import type { InvitationState } from './model.ts'

/**
 * The highest role that somebody who may invite can invite to: one that allows no more
 * than they may do there themselves. Members are what anybody who may invite can invite.
 */
export function highestRole(actor: Actor, organizationId: OrganizationId): MembershipRole {
  return (['owner', 'admin'] as const).find((role) => mayAssignRole(actor, organizationId, role)) ?? 'member'
}

/** Who sent an invitation, as they are now. */
export interface Inviter {
  readonly status: UserStatus
  /** Their roles and memberships give nothing at present. */
  readonly frozen: boolean
  /** Their role in the organization; null: they are not in it any more. */
  readonly role: MembershipRole | null
  /** What they hold everywhere, and in the organization. */
  readonly holdings: readonly Grant[]
}

interface Offered {
  readonly role: MembershipRole
  readonly organization: { readonly id: OrganizationId }
  /** null: the operator of the machine sent it. */
  readonly inviter: Inviter | null
}

/** Whether an invitation still stands: its inviter could invite to that role now, or has it. */
export function isStillValid({ role, organization, inviter }: Offered, catalogue: Catalogue): boolean {
  if (inviter === null) return true
  if (!isActing(inviter.status) || inviter.frozen) return false
  if (inviter.role !== null && isAtLeast(inviter.role, role)) return true
  const grants = grantsOf(catalogue, inviter.holdings)
  const held = role === 'member' ? ['organizations.invite'] : ['organizations.invite', ...organizationRoles[role].permissions]
  return held.every((permission) => grants.covers(permission, organization.id))
}

interface Answers {
  readonly acceptedAt: Date | null
  readonly declinedAt: Date | null
  readonly revokedAt: Date | null
  readonly expiresAt: Date
}

/** How an invitation stands. */
export function stateOf({ acceptedAt, declinedAt, revokedAt, expiresAt }: Answers, now: Date): InvitationState {
  if (acceptedAt !== null) return 'accepted'
  if (declinedAt !== null) return 'declined'
  if (revokedAt !== null) return 'revoked'
  return expiresAt > now ? 'pending' : 'expired'
}
