import type { SqlEntityManager } from '@mikro-orm/sql'
import { MembershipRow } from './entity.ts'
import { memberLimitReached, organizationInactive } from './errors.ts'
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
