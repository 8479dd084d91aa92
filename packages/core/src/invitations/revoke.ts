import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand, type TargetFinder } from '../kernel/action.ts'
import type { Target } from '../kernel/rule.ts'
import { granted } from '../kernel/rule.ts'
import { InvitationRow } from './entity.ts'
import { invitationAnswered } from './errors.ts'
import type { InvitationId } from './model.ts'
import { recordInvitation, shownInvitation } from './record.ts'
import { revoke } from './repository.ts'
import { stateOf } from './rules.ts'
import { invitationsSignatures } from './signatures.ts'

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
    recordInvitation(context, 'invitations.revoked', invitation, {})
    return shownInvitation(invitation, now)
  },
})
