import { assign, assignableUsers, subjectIn } from '../../access/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import { granted } from '../../kernel/rule.ts'
import { resourceTarget } from '../index.ts'
import { emitSharing, whatIn } from './sharing.ts'
import { sharingSignatures } from './signatures.ts'

/** Like `access.assignRole` and `access.grantPermission` on a resource, for whoever may share it. */
export const grantOnResource = defineCommand(sharingSignatures.grant, {
  allow: granted,
  target: resourceTarget,
  prepare: (context: PrepareContext, input) => assignableUsers(context, subjectIn(input), { resourceId: input.resourceId }),
  locks: (users) => users,
  async handle(context, { resourceId, userId, teamId, roleId, permission, ...terms }) {
    const what = whatIn({ roleId, permission })
    const given = await assign(context, { subject: subjectIn({ userId, teamId }), what, scope: { resourceId }, ...terms })
    if (given.assigned) emitSharing(context, 'resources.granted', resourceId, given.assignment)
    return given
  },
})
