import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf } from '../kernel/id.ts'
import { reserveSeat, unanswered, type OrganizationId } from '../organizations/index.ts'

/**
 * Checks that there is a seat for one more invitation: members have one, and
 * so has every pending invitation. An invitation to the same
 * address is not counted: it is renewed.
 */
export function reserveSeatForInvitation(em: SqlEntityManager, organizationId: OrganizationId, email: string, now: Date): Promise<void> {
  const id = uuidOf(organizationId)
  return reserveSeat(em, organizationId, async () => {
    const [row] = await em.execute<[{ taken: number }]>(
      `select ((select count(*) from memberships where organization_id = ?) +
          (select count(*) from invitations i where i.organization_id = ? and i.email <> ? and ${unanswered} and i.expires_at > ?))::int as taken`,
      [id, id, email, now],
    )
    return row.taken
  })
}
