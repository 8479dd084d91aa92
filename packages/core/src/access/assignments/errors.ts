import { defineError } from '../../kernel/errors.ts'
import type { Id } from '../../kernel/id.ts'
import type { AssignmentId } from '../model.ts'

export const alreadyAssigned = defineError<{ assignmentId: AssignmentId; validFrom: Date; validUntil: Date | null }>(
  'access.alreadyAssigned',
  'conflict',
  ({ assignmentId, validFrom, validUntil }) =>
    `They have this already, for another time: from ${validFrom.toISOString()}, ${validUntil === null ? 'without an end' : `until ${validUntil.toISOString()}`}. Revoke that first (assignment ${assignmentId}), then assign it again.`,
)
export const notHeld = defineError<{ permissions: readonly string[] }>(
  'access.notHeld',
  'denied',
  ({ permissions }) =>
    `You can only give or take away permissions that you hold there yourself, and you do not hold ${permissions.slice(0, 5).join(', ')}${permissions.length > 5 ? ` and ${permissions.length - 5} more` : ''}. Ask somebody who does.`,
)
export const notAssignable = defineError<{ role: string; because: string }>(
  'access.notAssignable',
  'conflict',
  ({ role, because }) => `The role ${role} cannot be given or taken like this: ${because}.`,
)
export const tooManyAssignments = defineError<{ userId: Id<'usr'>; limit: number }>(
  'access.tooManyAssignments',
  'conflict',
  ({ userId, limit }) =>
    `Nobody can have more than ${limit} assignments in one organization, those of their teams included, and ${userId} would. Put permissions together in a role, assign it on something wider, or take away what is not needed any more.`,
)
