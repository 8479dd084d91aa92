import { recordFormerStates } from '../history/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf, uuidOrNull, uuidsOf } from '../kernel/id.ts'
import type { UserId } from '../users/index.ts'
import { reserveQuota } from './quota.ts'
import { lockMember, lockOwned, type LockedResource } from './repository.ts'
import { countByType } from './rules.ts'

/** Records the former owner. A key that the new owner has already fails the transfer, by the constraint. */
export async function changeOwner(
  { em, now, emit }: CommandContext,
  moved: readonly LockedResource[],
  toUserId: UserId | null,
): Promise<void> {
  const states = moved
    .filter(({ ownedSince }) => ownedSince < now)
    .map(({ id, ownerUserId, ownedSince }) => ({
      kind: 'ownership' as const,
      subjectId: uuidOf(id),
      objectId: null,
      value: uuidOrNull(ownerUserId),
      beganAt: ownedSince,
    }))
  await recordFormerStates(em, states, now)
  await em.execute(
    'update resources set owner_user_id = ?, owned_since = ?, updated_at = ?, version = version + 1 where id = any(?::uuid[])',
    [uuidOrNull(toUserId), now, now, uuidsOf(moved.map(({ id }) => id))],
    'run',
  )
  for (const { id, organizationId, ownerUserId } of moved)
    emit({
      type: 'resources.transferred',
      subject: id,
      organizationId,
      payload: { resourceId: id, organizationId, fromUserId: ownerUserId, toUserId },
    })
}

/** What becomes of what a user owns outside of organizations. */
export type Disposal = { readonly to: UserId } | 'delete'

/** What became of what a user owned. */
interface PassedOn {
  readonly transferred: number
  readonly deleted: number
}

/**
 * Passes on what a user owns, who goes for good. What is in an organization stays there: it goes to whoever is named, if they are a member, and
 * else to the organization itself. What is outside of organizations is transferred or deleted as said; null: nothing was said.
 * @param orElse throws where something is outside of organizations, and nothing was said
 */
export async function passOn(
  context: CommandContext,
  userId: UserId,
  { disposal, orElse }: { readonly disposal: Disposal | null; readonly orElse: (count: number) => never },
): Promise<PassedOn> {
  const { em } = context
  const owned = await lockOwned(em, userId)
  const outside = owned.filter(({ organizationId }) => organizationId === null)
  if (outside.length > 0 && disposal === null) orElse(outside.length)
  const to = disposal === null || disposal === 'delete' ? null : disposal.to
  const organizations = new Set(owned.flatMap(({ organizationId }) => organizationId ?? []))
  for (const organizationId of organizations) {
    const here = owned.filter((resource) => resource.organizationId === organizationId)
    const member =
      to !== null &&
      (await lockMember(em, organizationId, to).then(
        () => true,
        () => false,
      ))
        ? to
        : null
    await changeOwner(context, here, member)
  }
  if (to !== null && outside.length > 0) {
    await reserveQuota(em, { userId: to }, countByType(outside))
    await changeOwner(context, outside, to)
  } else await deleteForGood(context, outside)
  for (const { id } of owned) context.invalidate(id, { when: 'now' })
  const deleted = to === null ? outside.length : 0
  return { transferred: owned.length - deleted, deleted }
}

/** Of other deleted resources the rows stay, as history of whoever owns them. These are of somebody of whom nothing stays. */
async function deleteForGood({ em, emit }: CommandContext, gone: readonly LockedResource[]): Promise<void> {
  if (gone.length === 0) return
  await em.execute('delete from resources where id = any(?::uuid[])', [uuidsOf(gone.map(({ id }) => id))], 'run')
  for (const { id } of gone)
    emit({ type: 'resources.deleted', subject: id, organizationId: null, payload: { resourceId: id, organizationId: null } })
}
