import { defineCommand } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import { granted } from '../kernel/rule.ts'
import { mailNotConfigured } from '../mail/index.ts'
import {
  alreadyMember,
  isAtLeast,
  organizationTarget,
  roleTooHigh,
  type MembershipRole,
  type OrganizationId,
} from '../organizations/index.ts'
import { mailJob } from './deliver.ts'
import { InvitationRow } from './entity.ts'
import { invitationLifetime } from './model.ts'
import { recordInvitation, shownInvitation } from './record.ts'
import { admitInvitation } from './limits.ts'
import { isMemberWith } from './repository.ts'
import { reserveMembershipForInvitation } from './reserve-membership.ts'
import { highestRole } from './rules.ts'
import { invitationsSignatures } from './signatures.ts'
import { tokenOf } from './token.ts'

/** Only members are searched for the address: the result does not reveal who has an account. */
export const invite = defineCommand(invitationsSignatures.invite, {
  allow: granted,
  target: organizationTarget,
  async handle(context, { organizationId, email, role }) {
    const { em, ports, now, actor } = context
    if (!ports.mailer.isConfigured) throw mailNotConfigured({})
    const highest = highestRole(actor, organizationId)
    if (!isAtLeast(highest, role)) throw roleTooHigh({})
    const place = await admitInvitation(context, organizationId, email)
    await reserveMembershipForInvitation(em, organizationId, email, now)
    if (await isMemberWith(em, organizationId, email)) throw alreadyMember({})
    const pending = await em.findOne(InvitationRow, { organizationId, email, acceptedAt: null, declinedAt: null, revokedAt: null })
    if (pending !== null && pending.expiresAt > now && !isAtLeast(highest, pending.role)) throw roleTooHigh({})
    const invitation = pending ?? blank(context, organizationId, email, role)
    const renewed = pending !== null
    invitation.role = role
    invitation.invitedBy = callerId(actor)
    // Always later than before: the token is derived from it, and the old link must become invalid.
    invitation.expiresAt = new Date(Math.max(now.getTime() + invitationLifetime, invitation.expiresAt.getTime() + 1))
    invitation.tokenHash = ports.digest.sha256(await tokenOf(ports, invitation))
    context.enqueue(mailJob(invitation, place))
    recordInvitation(context, 'invitations.sent', invitation, { role, renewed })
    await em.flush()
    return shownInvitation(invitation, now)
  },
})

function blank({ em, now, newId }: CommandContext, organizationId: OrganizationId, email: string, role: MembershipRole): InvitationRow {
  const row = em.create(InvitationRow, {
    id: newId('inv'),
    organizationId,
    email,
    role,
    tokenHash: '',
    invitedBy: null,
    createdAt: now,
    expiresAt: now,
    acceptedAt: null,
    acceptedBy: null,
    declinedAt: null,
    revokedAt: null,
  })
  em.persist(row)
  return row
}
