import type { Actor } from '../kernel/context.ts'
import type { Holding } from '../kernel/rule.ts'
import { isAtLeast, type MembershipRole, type OrganizationId } from '../organizations/index.ts'
import { isActing, type UserStatus } from '../users/index.ts'
import type { InvitationState } from './model.ts'

/** The highest role that somebody who may invite can invite to: their own; any, for whoever administers the installation. */
export function highestRole(actor: Actor, organizationId: OrganizationId): MembershipRole {
  if (actor.kind === 'system') return 'owner'
  if (actor.kind === 'anonymous') return 'member'
  const { grants, memberships } = actor.principal
  if (grants.allowsEverywhere('organizations.invite')) return 'owner'
  return memberships.find((membership) => membership.organizationId === organizationId)?.role ?? 'member'
}

/** Who sent an invitation, as they are now. */
export interface Inviter {
  readonly status: UserStatus
  /** Their roles and memberships give nothing at present. */
  readonly frozen: boolean
  /** Their role in the organization; null: they are not in it any more. */
  readonly role: MembershipRole | null
  /** What they hold everywhere. */
  readonly holdings: readonly Holding[]
}

/** Whether an invitation still stands: its inviter could have such a member. null: the operator of the machine sent it. */
export function stands(role: MembershipRole, inviter: Inviter | null): boolean {
  if (inviter === null) return true
  if (!isActing(inviter.status) || inviter.frozen) return false
  if (inviter.role !== null && isAtLeast(inviter.role, role)) return true
  return inviter.holdings.some(({ permissions }) => permissions.some((pattern) => inviting.has(pattern)))
}

const inviting: ReadonlySet<string> = new Set(['*', 'organizations.*', 'organizations.invite'])

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
