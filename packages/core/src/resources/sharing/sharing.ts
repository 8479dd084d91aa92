import type { RoleOrPermission } from '../../access/index.ts'
import type { Assignment, RoleId } from '../../access/model.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { Id } from '../../kernel/id.ts'
import type { ResourceId } from '../index.ts'

export interface NamesGrant {
  readonly resourceId: ResourceId
  readonly userId?: Id<'usr'> | undefined
  readonly teamId?: Id<'team'> | undefined
  readonly roleId?: RoleId | undefined
  readonly permission?: string | undefined
}

export function whatIn({ roleId, permission }: Pick<NamesGrant, 'roleId' | 'permission'>): RoleOrPermission {
  if (roleId !== undefined) return { roleId }
  if (permission !== undefined) return { permission }
  throw new TypeError('An input that names neither a role nor a permission has come past its schema.')
}

/** An event in addition to the assignment's, for subscribers that follow resources. */
export function emitSharing(
  { emit }: CommandContext,
  type: 'resources.granted' | 'resources.revoked',
  resourceId: ResourceId,
  { id, subject, role, permission, scope: { organizationId } }: Assignment,
): void {
  const who = subject.kind === 'user' ? { userId: subject.id } : { teamId: subject.id }
  const what = role === null ? { permission } : { roleId: role.id, role: role.name }
  emit({ type, subject: resourceId, organizationId, payload: { resourceId, organizationId, assignmentId: id, ...who, ...what } })
}
