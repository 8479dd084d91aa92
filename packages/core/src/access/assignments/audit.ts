import type { CommandContext } from '../../kernel/context.ts'
import type { Assignment } from '../model.ts'

/** Records an assignment or its end in the audit entry and as an event. */
export function auditAssignment(context: CommandContext, type: 'access.assigned' | 'access.unassigned', assignment: Assignment): void {
  const { id, subject, role, permission, scope, validFrom, validUntil, condition } = assignment
  const { organizationId } = scope
  const who = subject.kind === 'user' ? { userId: subject.id } : { teamId: subject.id }
  const what = role === null ? { permission } : { roleId: role.id, role: role.name }
  const facts = { ...who, ...what, scope: compactScope(scope), ...(type === 'access.assigned' && { validFrom, validUntil, condition }) }
  context.note({ target: { type: 'assignment', id }, organizationId, changes: facts })
  context.emit({ type, subject: subject.id, organizationId, payload: { assignmentId: id, ...facts } })
}

/** The scope as one kind and one id. */
function compactScope({ kind, organizationId, teamId, resourceId }: Assignment['scope']) {
  const ids = { organizationId, teamId, resourceId }
  return { kind, ...Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== null)) }
}
