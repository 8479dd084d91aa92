import { defineCommand } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import { granted } from '../../kernel/rule.ts'
import { assign } from './assign.ts'
import { assignmentsSignatures } from './signatures.ts'
import { assignableUsers, subjectIn } from './subject.ts'
import { scopeTarget } from './targets.ts'

export const grantPermission = defineCommand(assignmentsSignatures.grantPermission, {
  allow: granted,
  target: scopeTarget,
  prepare: (context: PrepareContext, input) => assignableUsers(context, subjectIn(input), input.on ?? {}),
  locks: (users) => users,
  handle: (context, { userId, teamId, permission, on: scope = {}, ...terms }) =>
    assign(context, { subject: subjectIn({ userId, teamId }), what: { permission }, scope, ...terms }),
})
