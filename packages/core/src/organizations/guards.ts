import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from '../kernel/id.ts'
import { MembershipRow } from './entity.ts'
import { lastOwner, organizationInactive, memberLimitReached } from './errors.ts'
import type { OrganizationId } from './model.ts'
import { existingOrganization, lockOrganizations } from './repository.ts'

/** Locks the organization, and checks that somebody may still join: it is active and below its limit of members, if it has one. */
export async function reserveMembership(
  em: SqlEntityManager,
  organizationId: OrganizationId,
  countMembers: () => Promise<number> = () => em.count(MembershipRow, { organizationId }),
): Promise<void> {
  await lockOrganizations(em, [organizationId])
  const { status, seatLimit } = await existingOrganization(em, organizationId)
  if (status !== 'active') throw organizationInactive({ status })
  if (seatLimit !== null && (await countMembers()) >= seatLimit) throw memberLimitReached({ seatLimit })
}

/**
 * Locks the organization, and refuses if the user is its last owner. Call it before the change, for members who are owners. Archived users
 * do not count. `users.archive` has a check of its own (`accounts/lifecycle/archive.ts`): whoever is alone may be archived.
 */
export async function ensureAnotherOwner(em: SqlEntityManager, organizationId: OrganizationId, userId: Id<'usr'>): Promise<void> {
  await lockOrganizations(em, [organizationId])
  const others = await em.execute<unknown[]>(
    `select 1 from memberships m join users u on u.id = m.user_id and u.status <> 'archived'
      where m.organization_id = ? and m.role = 'owner' and m.user_id <> ? limit 1`,
    [uuidOf(organizationId), uuidOf(userId)],
  )
  if (others.length === 0) throw lastOwner({ organizationId })
}
