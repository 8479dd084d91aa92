import type { CommandContext } from '../../kernel/context.ts'
import { revokeInvitationsSentBy, type OrganizationId } from '../../organizations/index.ts'
import type { UserId } from '../../users/index.ts'

/** Whether the caller may know that an organization exists: who manages an account may not know of its other organizations. */
export function mayKnow({ actor }: CommandContext, organizationId: OrganizationId): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allows('organizations.get', organizationId))
}

/** Revokes every unanswered invitation that a user sent. Returns how many, of those that the caller may know of. */
export async function revokeSentInvitations(context: CommandContext, userId: UserId): Promise<number> {
  const organizations = await revokeInvitationsSentBy(context.em, userId, context.now)
  return organizations.filter((organizationId) => mayKnow(context, organizationId)).length
}
