import { z } from 'zod'
import { changes, group } from '../../kernel/signature.ts'
import { organizationInactive } from '../../organizations/errors.ts'
import { assignmentId, resourceId, roleId, teamId, userId } from '../../kernel/ids.ts'
import { assigningErrors, notAssignable, notHeld } from '../../access/errors.ts'
import { Assigned, assignmentTerms, permissionPattern, Revoked } from '../../access/model.ts'

/** The subject, and the role or permission. */
const whoAndWhat = {
  userId: userId.optional().meta({ description: 'who: a user' }),
  teamId: teamId.optional().meta({ description: 'who: a team, and with it all of its members' }),
  roleId: roleId.optional().meta({ description: 'what: a role' }),
  permission: permissionPattern.optional().meta({ description: 'what: a single permission, or a pattern: document.read, document.*' }),
}

interface Named {
  readonly userId?: unknown
  readonly teamId?: unknown
  readonly roleId?: unknown
  readonly permission?: unknown
}

function checkWhoAndWhat({ userId: user, teamId: team, roleId: role, permission }: Named, check: z.core.$RefinementCtx): void {
  if ((user === undefined) === (team === undefined)) issue(check, 'userId', 'name either `userId` or `teamId`')
  if ((role === undefined) === (permission === undefined)) issue(check, 'permission', 'name either `roleId` or `permission`')
}

function checkNamed(input: Named & { readonly assignmentId?: unknown }, check: z.core.$RefinementCtx): void {
  if (input.assignmentId === undefined) return checkWhoAndWhat(input, check)
  if ([input.userId, input.teamId, input.roleId, input.permission].some((part) => part !== undefined))
    issue(
      check,
      'assignmentId',
      'name either `assignmentId`, or who has what by `userId` or `teamId` and `roleId` or `permission`: not both',
    )
}

function issue(check: z.core.$RefinementCtx, field: string, message: string): void {
  check.addIssue({ code: 'custom', path: [field], message })
}

/** The actions `resources.grant` and `resources.revoke`. */
export const sharingSignatures = group('resources', {
  grant: changes({
    summary: 'Share a resource: grant a user or a team a role or a permission on it and everything inside',
    grantedTo: ['admin'],
    errors: assigningErrors,
    input: z.strictObject({ resourceId, ...whoAndWhat, ...assignmentTerms }).superRefine(checkWhoAndWhat),
    output: Assigned,
  }),
  revoke: changes({
    summary: 'Revoke what a user or a team was granted on a resource',
    grantedTo: ['admin'],
    errors: [organizationInactive, notHeld, notAssignable],
    input: z.strictObject({ resourceId, assignmentId: assignmentId.optional(), ...whoAndWhat }).superRefine(checkNamed),
    output: Revoked,
  }),
})
