import { z } from 'zod'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { versionRead } from '../kernel/version.ts'
import { Member, organizationId } from '../organizations/model.ts'
import { userId } from '../users/model.ts'
import { Team, teamDescription, teamId, teamName } from './model.ts'

/** The actions of `teams`. */
export const teamsSignatures = group('teams', {
  create: changes({
    summary: 'Make a team',
    input: z.strictObject({ organizationId, name: teamName, description: teamDescription.optional() }),
    output: Team,
  }),
  update: changes({
    summary: 'Change a team',
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
    input: z.strictObject({ teamId }),
    output: z.object({ teamId, membersLost: z.int() }),
  }),
  list: reads({
    summary: 'List the teams of an organization',
    input: z.strictObject({
      organizationId,
      ...pageInput,
      userId: userId.optional().meta({ description: 'only teams that this member is in' }),
      total: z.boolean().default(false).meta({ description: 'also count every team that matches' }),
    }),
    output: pageOf(Team).extend({ total: z.int().nullable() }),
  }),
  addMember: changes({
    summary: 'Put a member of the organization into a team',
    input: z.strictObject({ teamId, userId }),
    output: z.object({ teamId, userId, added: z.boolean().meta({ description: 'false: it was in the team already' }) }),
  }),
  removeMember: changes({
    summary: 'Take somebody out of a team, or leave it yourself',
    input: z.strictObject({ teamId, userId }),
    output: z.object({ teamId, userId }),
  }),
  listMembers: reads({
    summary: 'List the members of a team',
    input: z.strictObject({ teamId, ...pageInput }),
    output: pageOf(Member),
  }),
})
