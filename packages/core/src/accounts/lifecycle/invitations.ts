import type { CommandContext } from '../../kernel/context.ts'
import { revokeInvitationsSentBy, type OrganizationId } from '../../organizations/index.ts'
import type { UserId } from '../../users/index.ts'

/** Whether the caller may know that an organization is there: who manages an account may not know where else it is at home. */
export function mayKnow({ actor }: CommandContext, organizationId: OrganizationId): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allows('organizations.get', organizationId))
}

/** Takes back every invitation that a user has sent and nobody has answered. Says how many there were where the caller may know of them. */
export async function revokeSentInvitations(context: CommandContext, userId: UserId): Promise<number> {
  const organizations = await revokeInvitationsSentBy(context.em, userId, context.now)
  return organizations.filter((organizationId) => mayKnow(context, organizationId)).length
}
