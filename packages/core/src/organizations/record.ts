import { recordEndedState } from '../history/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import type { OrganizationRow } from './entity.ts'
import type { OrganizationId } from './model.ts'

/** In one that is not active nobody may anything by their membership: when that was so is remembered. */
export function rememberStatus({ em, now }: CommandContext, { id, status, createdAt }: OrganizationRow): Promise<void> {
  return recordEndedState(em, { kind: 'organizationStatus', subjectId: uuidOf(id), objectId: null, value: status, since: createdAt }, now)
}

export function emitOrganizationEvent(
  context: CommandContext,
  type: string,
  organizationId: OrganizationId,
  facts: Readonly<Record<string, unknown>>,
): void {
  context.emit({ type, subject: organizationId, organizationId, payload: { organizationId, ...facts } })
}
