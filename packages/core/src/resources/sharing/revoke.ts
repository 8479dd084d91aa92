import type { SqlEntityManager } from '@mikro-orm/sql'
import { assignmentTarget, findAssignment, revoke, subjectIn, usersToLock, type RevocationRequest } from '../../access/index.ts'
import type { AssignmentId } from '../../access/model.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import { notFound } from '../../kernel/errors.ts'
import { granted } from '../../kernel/rule.ts'
import { resourceTarget } from '../index.ts'
import { emitSharing, whatIn, type NamesGrant } from './sharing.ts'
import { sharingSignatures } from './signatures.ts'

/** Like `access.unassignRole` and `access.revokePermission`, for assignments on exactly this resource. */
export const revokeOnResource = defineCommand(sharingSignatures.revoke, {
  allow: granted,
  takesPrecedence: 'inOrganization',
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
