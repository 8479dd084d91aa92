import { defineCommand } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import type { Id } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import type { AssignmentId, RoleId, ScopeInput } from '../model.ts'
import { assign } from './assign.ts'
import { assignmentsSignatures } from './signatures.ts'
import { subjectIn, usersOf } from './subject.ts'
import { revoke, usersToLock, type RevocationRequest } from './revoke.ts'
import { assignmentTarget, scopeTarget } from './targets.ts'

/** The affected users, locked first: of several changes for one user at once, each sees the earlier ones. */
type Users = readonly Id<'usr'>[]
const locks = (users: Users): Users => users

export const assignRole = defineCommand(assignmentsSignatures.assignRole, {
  allow: granted,
  target: scopeTarget,
  prepare: (context: PrepareContext, input) => usersOf(context, subjectIn(input)),
  locks: locks,
  handle: (context, { userId, teamId, roleId, on: scope = {}, ...terms }) =>
    assign(context, { subject: subjectIn({ userId, teamId }), what: { roleId }, scope, ...terms }),
})

export const grantPermission = defineCommand(assignmentsSignatures.grantPermission, {
  allow: granted,
  target: scopeTarget,
  prepare: (context: PrepareContext, input) => usersOf(context, subjectIn(input)),
  locks: locks,
  handle: (context, { userId, teamId, permission, on: scope = {}, ...terms }) =>
    assign(context, { subject: subjectIn({ userId, teamId }), what: { permission }, scope, ...terms }),
})

interface NamesRevocation {
  readonly assignmentId?: AssignmentId | undefined
  readonly userId?: Id<'usr'> | undefined
  readonly teamId?: Id<'team'> | undefined
  readonly on?: ScopeInput | undefined
  readonly roleId?: RoleId | undefined
  readonly permission?: string | undefined
}

function revocationIn(
  { assignmentId, on = {}, roleId, permission, ...subject }: NamesRevocation,
  kind: 'role' | 'permission',
): RevocationRequest {
  if (assignmentId !== undefined) return { assignmentId, kind }
  const what = roleId !== undefined ? { roleId } : { permission: permission ?? '' }
  return { subject: subjectIn(subject), what, on }
}

export const unassignRole = defineCommand(assignmentsSignatures.unassignRole, {
  allow: granted,
  takesPrecedence: 'inOrganization',
  target: assignmentTarget,
  prepare: (context: PrepareContext, input) => usersToLock(context, revocationIn(input, 'role')),
  locks: locks,
  handle: async (context, input) => ({ assignment: await revoke(context, revocationIn(input, 'role')) }),
})

export const revokePermission = defineCommand(assignmentsSignatures.revokePermission, {
  allow: granted,
  takesPrecedence: 'inOrganization',
  target: assignmentTarget,
  prepare: (context: PrepareContext, input) => usersToLock(context, revocationIn(input, 'permission')),
  locks: locks,
  handle: async (context, input) => ({ assignment: await revoke(context, revocationIn(input, 'permission')) }),
})
