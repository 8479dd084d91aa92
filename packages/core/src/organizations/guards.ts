import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from '../kernel/id.ts'
import { MembershipRow } from './entity.ts'
import { lastOwner, organizationInactive, seatsTaken } from './errors.ts'
import type { OrganizationId } from './model.ts'
import { existingOrganization, lockOrganizations } from './repository.ts'

/**
 * Waits for the guard, and makes sure that somebody may still join: the organization
 * is active and has a seat. How many are taken is only asked where there is a limit.
 */
export async function reserveSeat(
  em: SqlEntityManager,
  organizationId: OrganizationId,
  seatsOf: () => Promise<number> = () => em.count(MembershipRow, { organizationId }),
): Promise<void> {
  await lockOrganizations(em, [organizationId])
  const { status, seatLimit } = await existingOrganization(em, organizationId)
  if (status !== 'active') throw organizationInactive({ status })
  if (seatLimit !== null && (await seatsOf()) >= seatLimit) throw seatsTaken({ seatLimit })
}

/**
 * Whoever takes the role of owner from a member waits for the guard, then must
 * leave another one. To be called before the change, for members who are owners.
 * Whoever is archived counts as none, as `users.archive` has it.
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
