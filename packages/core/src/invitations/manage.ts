import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand, type TargetFinder } from '../kernel/action.ts'
import { callerId, type CommandContext } from '../kernel/context.ts'
import type { Target } from '../kernel/rule.ts'
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
import { InvitationRow } from './entity.ts'
import { invitationAnswered } from './errors.ts'
import { reserveSeat } from './guards.ts'
import { invitationLifetime, type Invitation, type InvitationId } from './model.ts'
import { highestRole, stateOf } from './policy.ts'
import { isMemberWith, revoke } from './repository.ts'
import { mailJob } from './sending.ts'
import { invitationsSignatures } from './signatures.ts'
import { tokenOf } from './token.ts'

/** The address is looked for among the members and nowhere else: what happens does not depend on who has an account. */
export const invite = defineCommand(invitationsSignatures.invite, {
  allow: granted,
  target: organizationTarget,
  async handle(context, { organizationId, email, role }) {
    const { em, ports, now, actor } = context
    if (!ports.mailer.isConfigured) throw mailNotConfigured({})
    const highest = highestRole(actor, organizationId)
    if (!isAtLeast(highest, role)) throw roleTooHigh({})
    await reserveSeat(em, organizationId, email, now)
    if (await isMemberWith(em, organizationId, email)) throw alreadyMember({})
    const pending = await em.findOne(InvitationRow, { organizationId, email, acceptedAt: null, declinedAt: null, revokedAt: null })
    if (pending !== null && pending.expiresAt > now && !isAtLeast(highest, pending.role)) throw roleTooHigh({})
    const invitation = pending ?? blank(context, organizationId, email, role)
    const renewed = pending !== null
    invitation.role = role
    invitation.invitedBy = callerId(actor)
    // Later than before, whatever the clock says: the token is made of it, and the old link must not stay good.
    invitation.expiresAt = new Date(Math.max(now.getTime() + invitationLifetime, invitation.expiresAt.getTime() + 1))
    invitation.tokenHash = ports.digest.sha256(await tokenOf(ports, invitation))
    context.enqueue(mailJob(invitation))
    told(context, 'invitations.sent', invitation, { role, renewed })
    await em.flush()
    return shown(invitation, now)
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

/** How an organization's own actions find an invitation: whoever may not list it does not learn that it exists. */
const invitationTarget = {
  type: 'invitation',
  async find(em: SqlEntityManager, { invitationId }: { invitationId: InvitationId }): Promise<Target | null> {
    const found = await em.findOne(InvitationRow, { id: invitationId })
    if (found === null) return null
    const { id, organizationId } = found
    return { type: 'invitation', id, organizationId, userId: null, visibleWith: 'organizations.listInvitations' }
  },
} satisfies TargetFinder<{ invitationId: InvitationId }>

export const revokeInvitation = defineCommand(invitationsSignatures.revokeInvitation, {
  allow: granted,
  target: invitationTarget,
  async handle(context, { invitationId }) {
    const { em, now } = context
    const taken = await revoke(em, invitationId, now)
    const invitation = await em.findOneOrFail(InvitationRow, { id: invitationId }, { refresh: true })
    if (!taken) throw invitationAnswered({ state: stateOf(invitation, now) })
    told(context, 'invitations.revoked', invitation, {})
    return shown(invitation, now)
  },
})

function told(
  context: CommandContext,
  type: string,
  { id, organizationId }: InvitationRow,
  changes: Readonly<Record<string, unknown>>,
): void {
  context.note({ target: { type: 'invitation', id }, organizationId, changes })
  context.emit({ type, subject: id, organizationId, payload: { invitationId: id, organizationId, ...changes } })
}

function shown(row: InvitationRow, now: Date): Invitation {
  const { id, organizationId, email, role, invitedBy, createdAt, expiresAt } = row
  return { id, organizationId, email, role, state: stateOf(row, now), invitedBy, createdAt, expiresAt }
}
