import { defineCommand } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import type { Id } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import type { AssignmentId, RoleId, ScopeInput } from '../model.ts'
import { give } from './giving.ts'
import { assignmentsSignatures } from './signatures.ts'
import { subjectIn, usersOf } from './subject.ts'
import { take, usersConcerned, type Taking } from './taking.ts'
import { assignmentTarget, placeTarget } from './targets.ts'

/** The users whom it concerns, locked before anything else: of all that is given to one of them at once, each sees what went before. */
type Users = readonly Id<'usr'>[]
const locked = (users: Users): Users => users

export const assignRole = defineCommand(assignmentsSignatures.assignRole, {
  allow: granted,
  target: placeTarget,
  prepare: (context: PrepareContext, input) => usersOf(context, subjectIn(input)),
  locks: locked,
  handle: (context, { userId, teamId, roleId, on = {}, ...terms }) =>
    give(context, { subject: subjectIn({ userId, teamId }), what: { roleId }, on, ...terms }),
})

export const grantPermission = defineCommand(assignmentsSignatures.grantPermission, {
  allow: granted,
  target: placeTarget,
  prepare: (context: PrepareContext, input) => usersOf(context, subjectIn(input)),
  locks: locked,
  handle: (context, { userId, teamId, permission, on = {}, ...terms }) =>
    give(context, { subject: subjectIn({ userId, teamId }), what: { permission }, on, ...terms }),
})

interface NamesTaking {
  readonly assignmentId?: AssignmentId | undefined
  readonly userId?: Id<'usr'> | undefined
  readonly teamId?: Id<'team'> | undefined
  readonly on?: ScopeInput | undefined
  readonly roleId?: RoleId | undefined
  readonly permission?: string | undefined
}

function takingIn({ assignmentId, on = {}, roleId, permission, ...subject }: NamesTaking, kind: 'role' | 'permission'): Taking {
  if (assignmentId !== undefined) return { assignmentId, kind }
  const what = roleId !== undefined ? { roleId } : { permission: permission ?? '' }
  return { subject: subjectIn(subject), what, on }
}

export const unassignRole = defineCommand(assignmentsSignatures.unassignRole, {
  allow: granted,
  target: assignmentTarget,
  prepare: (context: PrepareContext, input) => usersConcerned(context, takingIn(input, 'role')),
  locks: locked,
  handle: async (context, input) => ({ assignment: await take(context, takingIn(input, 'role')) }),
})

export const revokePermission = defineCommand(assignmentsSignatures.revokePermission, {
  allow: granted,
  target: assignmentTarget,
  prepare: (context: PrepareContext, input) => usersConcerned(context, takingIn(input, 'permission')),
  locks: locked,
  handle: async (context, input) => ({ assignment: await take(context, takingIn(input, 'permission')) }),
})
