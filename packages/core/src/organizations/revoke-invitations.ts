import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, uuidOrNull } from '../kernel/id.ts'
import type { UserId } from '../users/index.ts'
import type { OrganizationId } from './model.ts'

/** SQL that is true for invitations `i` that were neither answered nor revoked. */
export const unanswered = 'i.accepted_at is null and i.declined_at is null and i.revoked_at is null'

/** Revokes the pending invitations of an organization: all, or those that one member sent. */
export async function revokeInvitations(
  em: SqlEntityManager,
  organizationId: OrganizationId,
  sentBy: UserId | null,
  now: Date,
): Promise<number> {
  const sender = uuidOrNull(sentBy)
  const rows = await em.execute<unknown[]>(
    `update invitations i set revoked_at = ? where i.organization_id = ? and (?::uuid is null or i.invited_by = ?::uuid)
      and ${unanswered} and i.expires_at > ? returning 1`,
    [now, uuidOf(organizationId), sender, sender, now],
  )
  return rows.length
}

/** Revokes all pending invitations that a user sent, in any organization. Returns the organization of each. */
export async function revokeInvitationsSentBy(em: SqlEntityManager, sentBy: UserId, now: Date): Promise<readonly OrganizationId[]> {
  const rows = await em.execute<{ organization: string }[]>(
    `update invitations i set revoked_at = ? where i.invited_by = ? and ${unanswered} and i.expires_at > ?
      returning i.organization_id::text as organization`,
    [now, uuidOf(sentBy), now],
  )
  return rows.map(({ organization }) => idOf('org', organization))
}
