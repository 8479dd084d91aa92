import { z } from 'zod'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { changes, group, reads } from '../../kernel/signature.ts'
import { organizationInactive } from '../../organizations/errors.ts'
import { assignmentId, organizationId, roleId, teamId, userId } from '../../kernel/ids.ts'
import { lastSuperadmin, notPromotable } from '../../users/errors.ts'
import { assigningErrors } from '../errors.ts'
import { instant } from '../../kernel/instant.ts'
import { Assigned, Assignment, assignmentTerms as terms, permissionPattern, Revoked, scope } from '../model.ts'
import { notAssignable, notHeld } from './errors.ts'

/** The subject and the scope. */
const whoAndWhere = {
  userId: userId.optional().meta({ description: 'who: a user' }),
  teamId: teamId.optional().meta({ description: 'who: a team, and with it all of its members' }),
  on: scope.optional().meta({
    description: 'the scope: {"organizationId"}, {"teamId"} or {"resourceId"}, with everything inside; nothing: everywhere',
  }),
}
interface Named {
  readonly userId?: unknown
  readonly teamId?: unknown
  readonly on?: unknown
}

/** Exactly one subject is named, and a team cannot be given anything everywhere. */
function checkSubject({ userId: user, teamId: team, on }: Named, check: z.core.$RefinementCtx): void {
  if ((user === undefined) === (team === undefined)) issue(check, 'userId', 'name either `userId` or `teamId`')
  else if (team !== undefined && Object.keys((on as object | undefined) ?? {}).length === 0)
    issue(check, 'on', 'a team cannot be given anything everywhere: name its organization, or something in it')
}

/** Either the assignment is named, or its subject, scope and role or permission. */
function checkNamed(what: 'roleId' | 'permission') {
  return (input: Named & Readonly<Record<string, unknown>>, check: z.core.$RefinementCtx): void => {
    const parts = [input.userId, input.teamId, input.on, input[what]].filter((part) => part !== undefined)
    if (input['assignmentId'] !== undefined) {
      if (parts.length > 0)
        issue(check, 'assignmentId', `name either \`assignmentId\`, or who has what by \`userId\` or \`teamId\` and \`${what}\`: not both`)
    } else if (input[what] === undefined)
      issue(check, what, `name either \`assignmentId\`, or who has what by \`userId\` or \`teamId\` and \`${what}\``)
    else checkSubject(input, check)
  }
}

function issue(check: z.core.$RefinementCtx, field: string, message: string): void {
  check.addIssue({ code: 'custom', path: [field], message })
}

/** Actions on assignments. */
export const assignmentsSignatures = group('access', {
  assignRole: changes({
    summary: 'Assign a role to a user or a team, in a scope and for a time',
    grantedTo: ['admin', 'resourceOwner'],
    errors: [notPromotable, ...assigningErrors],
    input: z.strictObject({ ...whoAndWhere, roleId, ...terms }).superRefine(checkSubject),
    output: Assigned,
  }),
  unassignRole: changes({
    summary: 'Revoke the role of a user or a team',
    grantedTo: ['admin', 'resourceOwner'],
    errors: [lastSuperadmin, organizationInactive, notHeld, notAssignable],
    input: z
      .strictObject({ assignmentId: assignmentId.optional(), ...whoAndWhere, roleId: roleId.optional() })
      .superRefine(checkNamed('roleId')),
    output: Revoked,
  }),
  grantPermission: changes({
    summary: 'Grant a single permission to a user or a team, in a scope and for a time',
    grantedTo: ['admin', 'resourceOwner'],
    errors: assigningErrors,
    input: z.strictObject({ ...whoAndWhere, permission: permissionPattern, ...terms }).superRefine(checkSubject),
    output: Assigned,
  }),
  revokePermission: changes({
    summary: 'Revoke a single permission of a user or a team',
    grantedTo: ['admin', 'resourceOwner'],
    errors: [organizationInactive, notHeld],
    input: z
      .strictObject({ assignmentId: assignmentId.optional(), ...whoAndWhere, permission: permissionPattern.optional() })
      .superRefine(checkNamed('permission')),
    output: Revoked,
  }),
  listAssignments: reads({
    summary: 'List assignments: who has what where, oldest first',
    grantedTo: ['admin', 'resourceOwner'],
    input: z.strictObject({
      ...pageInput,
      userId: userId.optional().meta({ description: 'only those of this user (default, if nothing is named: your own)' }),
      throughTeams: z.boolean().default(false).meta({ description: 'with those of the teams that the user is a member of' }),
      teamId: teamId.optional().meta({ description: 'only those of this team' }),
      roleId: roleId.optional().meta({ description: 'only those of this role' }),
      on: scope.optional().meta({ description: 'only those with exactly this scope; {} is everywhere' }),
      organizationId: organizationId.optional().meta({ description: 'only in this organization, its teams and resources' }),
      history: z.boolean().default(false).meta({ description: 'with those that have ended' }),
      at: instant.optional().meta({ description: 'only those that counted at this time' }),
      total: z.boolean().default(false).meta({ description: 'also count all that match' }),
    }),
    output: pageOf(Assignment).extend({ total: z.int().nullable() }),
  }),
})
