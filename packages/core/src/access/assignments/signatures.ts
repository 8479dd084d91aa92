import { z } from 'zod'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { changes, group, reads } from '../../kernel/signature.ts'
import { organizationInactive, userInactive } from '../../organizations/errors.ts'
import { organizationId } from '../../organizations/model.ts'
import { lastSuperadmin, notPromotable } from '../../users/errors.ts'
import { userId } from '../../users/model.ts'
import { unknownPermission } from '../errors.ts'
import { excluded, notOnResources } from '../separation/errors.ts'
import {
  Assigned,
  Assignment,
  assignmentId,
  assignmentTerms as terms,
  instant,
  permissionPattern,
  Revoked,
  roleId,
  scope,
  teamReference,
} from '../model.ts'
import { alreadyAssigned, notAssignable, notHeld } from './errors.ts'

/** Who, and on what. */
const whoAndWhere = {
  userId: userId.optional().meta({ description: 'who: a user' }),
  teamId: teamReference.optional().meta({ description: 'who: a team, and with it everybody who sits in it' }),
  on: scope.optional().meta({
    description: 'where it counts: {"organizationId"}, {"teamId"} or {"resourceId"}, with all that is inside; nothing: everywhere',
  }),
}
interface Named {
  readonly userId?: unknown
  readonly teamId?: unknown
  readonly on?: unknown
}

/** One subject is named, and a team has nothing on the whole system. */
function checkSubject({ userId: user, teamId: team, on }: Named, check: z.core.$RefinementCtx): void {
  if ((user === undefined) === (team === undefined)) issue(check, 'userId', 'name either a user or a team')
  else if (team !== undefined && Object.keys((on as object | undefined) ?? {}).length === 0)
    issue(check, 'on', 'a team has nothing on the whole system: name its organization, or something in it')
}

/** Either the assignment itself is named, or who has what where. */
function checkNamed(what: 'roleId' | 'permission') {
  return (input: Named & Readonly<Record<string, unknown>>, check: z.core.$RefinementCtx): void => {
    const parts = [input.userId, input.teamId, input.on, input[what]].filter((part) => part !== undefined)
    if (input['assignmentId'] !== undefined) {
      if (parts.length > 0) issue(check, 'assignmentId', 'name the assignment, or who has what: not both')
    } else if (input[what] === undefined) issue(check, what, 'name the assignment, or who has what')
    else checkSubject(input, check)
  }
}

function issue(check: z.core.$RefinementCtx, field: string, message: string): void {
  check.addIssue({ code: 'custom', path: [field], message })
}

/** The actions of `access` that are made here. */
export const assignmentsSignatures = group('access', {
  assignRole: changes({
    summary: 'Give a user or a team a role, somewhere and for some time',
    grantedTo: ['admin', 'resourceOwner'],
    errors: [
      notPromotable,
      organizationInactive,
      userInactive,
      unknownPermission,
      excluded,
      notOnResources,
      alreadyAssigned,
      notHeld,
      notAssignable,
    ],
    input: z.strictObject({ ...whoAndWhere, roleId, ...terms }).superRefine(checkSubject),
    output: Assigned,
  }),
  unassignRole: changes({
    summary: 'Take a role away from a user or a team',
    grantedTo: ['admin', 'resourceOwner'],
    errors: [lastSuperadmin, organizationInactive, notHeld, notAssignable],
    input: z
      .strictObject({ assignmentId: assignmentId.optional(), ...whoAndWhere, roleId: roleId.optional() })
      .superRefine(checkNamed('roleId')),
    output: Revoked,
  }),
  grantPermission: changes({
    summary: 'Give a user or a team a single permission, somewhere and for some time',
    grantedTo: ['admin', 'resourceOwner'],
    errors: [organizationInactive, userInactive, unknownPermission, excluded, notOnResources, alreadyAssigned, notHeld, notAssignable],
    input: z.strictObject({ ...whoAndWhere, permission: permissionPattern, ...terms }).superRefine(checkSubject),
    output: Assigned,
  }),
  revokePermission: changes({
    summary: 'Take a single permission away from a user or a team',
    grantedTo: ['admin', 'resourceOwner'],
    errors: [organizationInactive, notHeld],
    input: z
      .strictObject({ assignmentId: assignmentId.optional(), ...whoAndWhere, permission: permissionPattern.optional() })
      .superRefine(checkNamed('permission')),
    output: Revoked,
  }),
  listAssignments: reads({
    summary: 'List who has what where, oldest first',
    grantedTo: ['admin', 'resourceOwner'],
    input: z.strictObject({
      ...pageInput,
      userId: userId.optional().meta({ description: 'only what this user has (default, where nothing is named: what you have yourself)' }),
      throughTeams: z.boolean().default(false).meta({ description: 'also what the user has by the teams that they sit in' }),
      teamId: teamReference.optional().meta({ description: 'only what this team has' }),
      roleId: roleId.optional().meta({ description: 'only this role' }),
      on: scope.optional().meta({ description: 'only exactly on this: {} is the whole system' }),
      organizationId: organizationId.optional().meta({ description: 'only in this organization, its teams and resources' }),
      history: z.boolean().default(false).meta({ description: 'also what is over' }),
      at: instant.optional().meta({ description: 'only what counted at this time' }),
      total: z.boolean().default(false).meta({ description: 'also count all that match' }),
    }),
    output: pageOf(Assignment).extend({ total: z.int().nullable() }),
  }),
})
