import type { CommandContext } from '../kernel/context.ts'
import type { InvitationRow } from './entity.ts'
import type { Invitation } from './model.ts'
import { stateOf } from './rules.ts'

/** Writes an audit entry and an event about an invitation. */
export function recordInvitation(
  context: CommandContext,
  type: string,
  { id, organizationId }: InvitationRow,
  changes: Readonly<Record<string, unknown>>,
): void {
  context.note({ target: { type: 'invitation', id }, organizationId, changes })
  context.emit({ type, subject: id, organizationId, payload: { invitationId: id, organizationId, ...changes } })
}

/** An invitation as the organization sees it. */
export function shownInvitation(row: InvitationRow, now: Date): Invitation {
  const { id, organizationId, email, role, invitedBy, createdAt, expiresAt } = row
  return { id, organizationId, email, role, state: stateOf(row, now), invitedBy, createdAt, expiresAt }
}
