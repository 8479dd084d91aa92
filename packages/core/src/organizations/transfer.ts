import { defineCommand } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { invalidInput, notFound } from '../kernel/errors.ts'
import { allOf, granted, withInstallationFields } from '../kernel/rule.ts'
import { existingUser, isActing, type UserId } from '../users/index.ts'
import { notAnOwner, userInactive } from './errors.ts'
import { lockMembership, setRole } from './membership.ts'
import { shownMember } from './queries.ts'
import { changedOrganization } from './repository.ts'
import { organizationsSignatures } from './signatures.ts'
import { successorTarget } from './targets.ts'

/** Both changes happen together: there is never a moment without an owner. */
export const transferOwnership = defineCommand(organizationsSignatures.transferOwnership, {
  allow: allOf(granted, withInstallationFields('fromUserId')),
  takesPrecedence: 'inOrganization',
  target: successorTarget,
  async handle(context, { organizationId, toUserId, fromUserId }) {
    const { em, now } = context
    const from = previousOwnerOf(context, toUserId, fromUserId)
    await changedOrganization(em, organizationId)
    const { status } = await existingUser(em, toUserId)
    if (!isActing(status)) throw userInactive({ status })
    if ((await lockMembership(em, { organizationId, userId: toUserId })) === null) throw notFound({ type: successorTarget.type })
    if ((await lockMembership(em, { organizationId, userId: from })) !== 'owner') throw notAnOwner({})
    await setRole(em, { organizationId, userId: toUserId, role: 'owner' }, now)
    await setRole(em, { organizationId, userId: from, role: 'admin' }, now)
    context.invalidate(from, { when: 'now' })
    context.invalidate(toUserId, { when: 'soon' })
    const facts = { fromUserId: from, toUserId }
    context.note({ organizationId, changes: facts })
    context.emit({
      type: 'organizations.ownershipTransferred',
      subject: organizationId,
      organizationId,
      payload: { organizationId, ...facts },
    })
    return { from: await shownMember(em, organizationId, from), to: await shownMember(em, organizationId, toUserId) }
  },
})

/** The present owner: the caller, or the user that an administrator names. */
function previousOwnerOf({ actor }: CommandContext, toUserId: UserId, fromUserId: UserId | undefined): UserId {
  const from = fromUserId ?? (actor.kind === 'user' ? actor.principal.userId : undefined)
  if (from === undefined) throw invalidInput({ issues: [{ path: 'fromUserId', message: 'name the present owner: you are not one' }] })
  if (from === toUserId) throw invalidInput({ issues: [{ path: 'toUserId', message: 'name another user than the present owner' }] })
  return from
}
