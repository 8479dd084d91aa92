import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { notFound } from '../../kernel/errors.ts'
import type { Id } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import { resourceTarget, type ResourceId } from '../index.ts'
import {
  assign,
  assignmentTarget,
  findAssignment,
  revoke,
  subjectIn,
  usersOf,
  usersToLock,
  type RevocationRequest,
  type RoleOrPermission,
} from '../../access/index.ts'
import type { Assignment, AssignmentId, RoleId } from '../../access/model.ts'
import { sharingSignatures } from './signatures.ts'

interface NamesGrant {
  readonly resourceId: ResourceId
  readonly userId?: Id<'usr'> | undefined
  readonly teamId?: Id<'team'> | undefined
  readonly roleId?: RoleId | undefined
  readonly permission?: string | undefined
}

/** Like `access.assignRole` and `access.grantPermission` on a resource, for whoever may share it. */
export const grantOnResource = defineCommand(sharingSignatures.grant, {
  allow: granted,
  target: resourceTarget,
  prepare: (context: PrepareContext, input) => usersOf(context, subjectIn(input)),
  locks: (users) => users,
  async handle(context, { resourceId, userId, teamId, roleId, permission, ...terms }) {
    const what = whatIn({ roleId, permission })
    const given = await assign(context, { subject: subjectIn({ userId, teamId }), what, scope: { resourceId }, ...terms })
    if (given.assigned) emitSharing(context, 'resources.granted', resourceId, given.assignment)
    return given
  },
})

/** Like `access.unassignRole` and `access.revokePermission`, for assignments on exactly this resource. */
export const revokeOnResource = defineCommand(sharingSignatures.revoke, {
  allow: granted,
  takesPrecedence: true,
  target: resourceTarget,
  async prepare(context: PrepareContext, input) {
    const taking = await revocationIn(context.reader, input, context.now)
    return taking === null ? [] : usersToLock(context, taking)
  },
  locks: (users) => users,
  async handle(context, input) {
    const taking = await revocationIn(context.em, input, context.now)
    if (taking === null) throw notFound({ type: assignmentTarget.type })
    const assignment = await revoke(context, taking)
    emitSharing(context, 'resources.revoked', input.resourceId, assignment)
    return { assignment }
  },
})

function whatIn({ roleId, permission }: Pick<NamesGrant, 'roleId' | 'permission'>): RoleOrPermission {
  if (roleId !== undefined) return { roleId }
  if (permission !== undefined) return { permission }
  throw new TypeError('An input that names neither a role nor a permission has come past its schema.')
}

/** The request; null: the named assignment is not on this resource, or does not exist. */
async function revocationIn(
  em: SqlEntityManager,
  { assignmentId, resourceId, ...named }: NamesGrant & { readonly assignmentId?: AssignmentId | undefined },
  now: Date,
): Promise<RevocationRequest | null> {
  if (assignmentId === undefined) return { subject: subjectIn(named), what: whatIn(named), on: { resourceId } }
  const found = await findAssignment(em, assignmentId, now)
  if (found === null || found.scope.resourceId !== resourceId) return null
  return { assignmentId, kind: found.role === null ? 'permission' : 'role' }
}

/** An event in addition to the assignment's, for subscribers that follow resources. */
function emitSharing(
  { emit }: CommandContext,
  type: 'resources.granted' | 'resources.revoked',
  resourceId: ResourceId,
  { id, subject, role, permission, scope: { organizationId } }: Assignment,
): void {
  const who = subject.kind === 'user' ? { userId: subject.id } : { teamId: subject.id }
  const what = role === null ? { permission } : { roleId: role.id, role: role.name }
  emit({ type, subject: resourceId, organizationId, payload: { resourceId, organizationId, assignmentId: id, ...who, ...what } })
}
