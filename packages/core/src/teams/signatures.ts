import { z } from 'zod'
import { excluded, notHeld, notOnResources, tooManyAssignments } from '../access/errors.ts'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { versionRead } from '../kernel/version.ts'
import { organizationInactive } from '../organizations/errors.ts'
import { Member } from '../organizations/model.ts'
import { organizationId, teamId, userId } from '../kernel/ids.ts'
import { teamNameTaken } from './errors.ts'
import { Team, teamDescription, teamName } from './model.ts'

/** The actions of `teams`. */
export const teamsSignatures = group('teams', {
  create: changes({
    summary: 'Create a team',
    grantedTo: ['admin'],
    errors: [teamNameTaken, organizationInactive],
    input: z.strictObject({ organizationId, name: teamName, description: teamDescription.optional() }),
    output: Team,
  }),
  update: changes({
    summary: 'Change a team',
    grantedTo: ['admin'],
    errors: [teamNameTaken, organizationInactive, notHeld],
    input: z.strictObject({
      teamId,
      version: versionRead,
      name: teamName.optional(),
      description: teamDescription.nullable().optional(),
    }),
    output: Team,
  }),
  delete: changes({
    summary: 'Delete a team; its members stay members of the organization',
    grantedTo: ['admin'],
    errors: [organizationInactive, notHeld],
    input: z.strictObject({ teamId }),
    output: z.object({ teamId, membersLost: z.int() }),
  }),
  list: reads({
    summary: 'List the teams of an organization',
    grantedTo: ['member'],
    input: z.strictObject({
      organizationId,
      ...pageInput,
      userId: userId.optional().meta({ description: 'only teams that this member is in' }),
      total: z.boolean().default(false).meta({ description: 'also count every team that matches' }),
    }),
    output: pageOf(Team).extend({ total: z.int().nullable() }),
  }),
  addMember: changes({
    summary: 'Add a member of the organization to a team',
    grantedTo: ['admin'],
    errors: [organizationInactive, excluded, notOnResources, tooManyAssignments, notHeld],
    input: z.strictObject({ teamId, userId }),
    output: z.object({ teamId, userId, added: z.boolean().meta({ description: 'false: the user was in the team already' }) }),
  }),
  removeMember: changes({
    summary: 'Remove a member from a team, or leave it yourself',
    grantedTo: ['admin'],
    errors: [organizationInactive, notHeld],
    input: z.strictObject({ teamId, userId }),
    output: z.object({ teamId, userId }),
  }),
  listMembers: reads({
    summary: 'List the members of a team',
    grantedTo: ['member'],
    input: z.strictObject({ teamId, ...pageInput }),
    output: pageOf(Member),
  }),
})
