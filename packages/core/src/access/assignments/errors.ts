import { defineError } from '../../kernel/errors.ts'
import type { AssignmentId } from '../model.ts'

export const alreadyAssigned = defineError<{ assignmentId: AssignmentId; validFrom: Date; validUntil: Date | null }>(
  'access.alreadyAssigned',
  'conflict',
  ({ assignmentId, validFrom, validUntil }) =>
    `They have this already, on other terms: from ${validFrom.toISOString()}, ${validUntil === null ? 'for good' : `until ${validUntil.toISOString()}`}. Take it away first (assignment ${assignmentId}), then give it anew.`,
)
export const notHeld = defineError<{ permissions: readonly string[] }>(
  'access.notHeld',
  'denied',
  ({ permissions }) =>
    `Nobody gives or takes away what they do not hold there themselves, and you do not hold ${permissions.slice(0, 5).join(', ')}${permissions.length > 5 ? ` and ${permissions.length - 5} more` : ''}. Ask somebody who does.`,
)
export const notAssignable = defineError<{ role: string; because: string }>(
  'access.notAssignable',
  'conflict',
  ({ role, because }) => `The role ${role} cannot be given or taken like this: ${because}.`,
)
