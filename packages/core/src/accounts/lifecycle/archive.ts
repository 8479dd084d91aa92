import { defineCommand } from '../../kernel/action.ts'
import { change } from '../../kernel/row.ts'
import { callerId } from '../../kernel/actor.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { lastOwner, lockOrganizations, ownedOrganizations, ownerlessWithout } from '../../organizations/index.ts'
import { expectVersion } from '../../kernel/version.ts'
import {
  archivedUser,
  changedAccountTarget,
  existingUser,
  managingOrganization,
  mayChangeAccount,
  visibleUser,
  type UserId,
  type UserRow,
} from '../../users/index.ts'
import { mayKnow, revokeSentInvitations } from './invitations.ts'
import { lifecycleSignatures } from './signatures.ts'
import { changeStatus } from './change-status.ts'

const day = 24 * 60 * 60 * 1000

export const archiveUser = defineCommand(lifecycleSignatures.archive, {
  allow: mayChangeAccount,
  takesPrecedence: 'everywhere',
  target: changedAccountTarget,
  async handle(context, { userId, reason, version }) {
    const { em, actor } = context
    const user = await existingUser(em, userId)
    expectVersion(user, version)
    const { restorableUntil, ...taken } = await archiveAccount(context, user, { reason, permission: lifecycleSignatures.archive.name })
    context.note({ changes: { reason: reason ?? null, ...taken } })
    return { user: visibleUser(actor, user, await managingOrganization(em, user)), ...taken, restorableUntil }
  },
})

/** What archiving a user ended. */
export interface Archived {
  readonly sessionsEnded: number
  readonly tokensEnded: number
  readonly invitationsRevoked: number
  readonly restorableUntil: Date
}

/**
 * Archives a user (row locked): its sessions, tokens and sent invitations
 * end for good, everything else stays. No organization is left
 * without an owner, and the installation not without a superadmin.
 * @param permission that lets the actor do it
 */
export async function archiveAccount(
  context: CommandContext,
  user: UserRow,
  { reason, permission }: { readonly reason: string | undefined; readonly permission: string },
): Promise<Archived> {
  if (user.status === 'archived') throw archivedUser({})
  const { em, now } = context
  await ensureOtherOwners(context, user.id)
  const before = user.status
  const ended = await changeStatus(context, user, 'archived', { because: 'archived', permission })
  change(user, { archivedAt: now, archivedBy: callerId(context.actor), archiveReason: reason ?? null, archivedStatus: before })
  const invitationsRevoked = await revokeSentInvitations(context, user.id)
  context.emit({ type: 'users.archived', subject: user.id, organizationId: null, payload: { userId: user.id } })
  await em.flush()
  return { ...ended, invitationsRevoked, restorableUntil: restorableUntil(context, now) }
}

/**
 * Locks the user's organizations, and refuses if one of them would have members but no owner. Who is alone in an organization may be
 * archived: nobody is left there without an owner. `ensureAnotherOwner`, for who is removed, has no such exception: they stay, and could
 * not get back into what is theirs.
 */
async function ensureOtherOwners(context: CommandContext, userId: UserId): Promise<void> {
  const { em } = context
  const owned = await ownedOrganizations(em, [userId])
  await lockOrganizations(em, owned)
  const ownerless = await ownerlessWithout(em, userId, owned)
  if (ownerless.length === 0) return
  throw lastOwner({ organizationIds: ownerless.filter((id) => mayKnow(context, id)) })
}

/** Until when a user that is archived at this time can be restored. */
export function restorableUntil({ settings }: CommandContext, archivedAt: Date): Date {
  return new Date(archivedAt.getTime() + settings.restoreDays * day)
}
