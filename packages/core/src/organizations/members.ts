import { defineCommand } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { allOf, anyOf, granted, notBelow, owner } from '../kernel/rule.ts'
import { existingUser, type UserId } from '../users/index.ts'
import { roleTooHigh, userInactive } from './errors.ts'
import { ensureAnotherOwner } from './last-owner.ts'
import { reserveMembership } from './member-limit.ts'
import type { MembershipRole, OrganizationId } from './model.ts'
import { isAtLeast, mayAssignRole } from './rules.ts'
import { shownMember } from './queries.ts'
import { changedOrganization } from './repository.ts'
import { deleteMembership, insertMembership, lockMembership, setRole } from './membership.ts'
import { organizationsSignatures } from './signatures.ts'
import { candidateTarget, memberTarget } from './targets.ts'

export const addMember = defineCommand(organizationsSignatures.addMember, {
  allow: granted,
  target: candidateTarget,
  async handle(context, { organizationId, userId, role }) {
    const { em, actor } = context
    if (!mayAssignRole(actor, organizationId, role)) throw roleTooHigh({})
    const { status } = await existingUser(em, userId)
    if (status === 'archived') throw userInactive({ status })
    await reserveMembership(em, organizationId)
    await insertMembership(context, { organizationId, userId, role })
    context.invalidate(userId, { when: 'soon' })
    recordMemberChange(context, 'organizations.memberAdded', { organizationId, userId }, { role })
    return shownMember(em, organizationId, userId)
  },
})

export const updateMember = defineCommand(organizationsSignatures.updateMember, {
  allow: allOf(granted, notBelow),
  takesPrecedence: 'inOrganization',
  target: memberTarget,
  async handle(context, { organizationId, userId, role }) {
    const { em, actor, now } = context
    if (!mayAssignRole(actor, organizationId, role)) throw roleTooHigh({})
    await changedOrganization(em, organizationId)
    const before = await existingRole(context, organizationId, userId)
    if (before !== role) {
      if (before === 'owner') await ensureAnotherOwner(em, organizationId, userId)
      await setRole(em, { organizationId, userId, role }, now)
      if (isAtLeast(role, before)) context.invalidate(userId, { when: 'soon' })
      else context.invalidate(userId, { when: 'now' })
      recordMemberChange(context, 'organizations.memberUpdated', { organizationId, userId }, { role: [before, role] })
    }
    return shownMember(em, organizationId, userId)
  },
})

/** Members may leave; only the last owner cannot. */
export const removeMember = defineCommand(organizationsSignatures.removeMember, {
  allow: anyOf(allOf(granted, notBelow), owner),
  takesPrecedence: 'inOrganization',
  target: memberTarget,
  async handle(context, { organizationId, userId }) {
    const { em, actor } = context
    await changedOrganization(em, organizationId)
    if ((await existingRole(context, organizationId, userId)) === 'owner') await ensureAnotherOwner(em, organizationId, userId)
    const lost = await deleteMembership(context, { organizationId, userId })
    context.invalidate(userId, { when: 'now' })
    const left = actor.kind === 'user' && actor.principal.userId === userId
    recordMemberChange(context, 'organizations.memberRemoved', { organizationId, userId }, { left, ...lost })
    return { userId, ...lost }
  },
})

/** Locks a membership, and returns its role. */
async function existingRole({ em }: CommandContext, organizationId: OrganizationId, userId: UserId): Promise<MembershipRole> {
  const role = await lockMembership(em, { organizationId, userId })
  if (role === null) throw notFound({ type: memberTarget.type })
  return role
}

function recordMemberChange(
  context: CommandContext,
  type: string,
  { organizationId, userId }: { organizationId: OrganizationId; userId: UserId },
  facts: Readonly<Record<string, unknown>>,
): void {
  context.note({ target: { type: memberTarget.type, id: userId }, organizationId, changes: facts })
  context.emit({ type, subject: userId, organizationId, payload: { organizationId, userId, ...facts } })
}
