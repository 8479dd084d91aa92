import { defineCommand } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import { granted } from '../../kernel/rule.ts'
import { revocationIn, revoke, usersToLock } from './revoke.ts'
import { assignmentsSignatures } from './signatures.ts'
import { assignmentTarget } from './targets.ts'

export const unassignRole = defineCommand(assignmentsSignatures.unassignRole, {
  allow: granted,
  takesPrecedence: 'inOrganization',
  target: assignmentTarget,
  prepare: (context: PrepareContext, input) => usersToLock(context, revocationIn(input, 'role')),
  locks: (users) => users,
  handle: async (context, input) => ({ assignment: await revoke(context, revocationIn(input, 'role')) }),
})
