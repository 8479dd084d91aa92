import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf } from '../kernel/id.ts'
import { reserveMembership, unanswered, type OrganizationId } from '../organizations/index.ts'

/** Checks that the organization may send one more invitation: pending ones count as members. One to the same address does not: it is renewed. */
export function reserveMembershipForInvitation(
  em: SqlEntityManager,
  organizationId: OrganizationId,
  email: string,
  now: Date,
): Promise<void> {
  const id = uuidOf(organizationId)
  return reserveMembership(em, organizationId, async () => {
    const [row] = await em.execute<[{ taken: number }]>(
      `select ((select count(*) from memberships where organization_id = ?) +
          (select count(*) from invitations i where i.organization_id = ? and i.email <> ? and ${unanswered} and i.expires_at > ?))::int as taken`,
      [id, id, email, now],
    )
    return row.taken
  })
}
