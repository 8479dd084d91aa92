import { z } from 'zod'
import { pageInput, pageOf } from '../kernel/page.ts'
import { command, query } from '../kernel/signature.ts'
import { versionRead } from '../kernel/version.ts'
import { Member, organizationId } from '../organizations/model.ts'
import { userId } from '../users/model.ts'
import { Team, teamDescription, teamId, teamName } from './model.ts'

export const createTeamSignature = command('teams.create', {
  summary: 'Make a team',
  input: z.strictObject({ organizationId, name: teamName, description: teamDescription.optional() }),
  output: Team,
})

export const updateTeamSignature = command('teams.update', {
  summary: 'Change a team',
  input: z.strictObject({
    teamId,
    version: versionRead,
    name: teamName.optional(),
    description: teamDescription.nullable().optional(),
  }),
  output: Team,
})

export const deleteTeamSignature = command('teams.delete', {
  summary: 'Delete a team; its members stay members of the organization',
  input: z.strictObject({ teamId }),
  output: z.object({ teamId, membersLost: z.int() }),
})

export const listTeamsSignature = query('teams.list', {
  summary: 'List the teams of an organization',
  input: z.strictObject({
    organizationId,
    ...pageInput,
    userId: userId.optional().meta({ description: 'only teams that this member is in' }),
    total: z.boolean().default(false).meta({ description: 'also count every team that matches' }),
  }),
  output: pageOf(Team).extend({ total: z.int().nullable() }),
})

export const addTeamMemberSignature = command('teams.addMember', {
  summary: 'Put a member of the organization into a team',
  input: z.strictObject({ teamId, userId }),
  output: z.object({ teamId, userId, added: z.boolean().meta({ description: 'false: it was in the team already' }) }),
})

export const removeTeamMemberSignature = command('teams.removeMember', {
  summary: 'Take somebody out of a team, or leave it yourself',
  input: z.strictObject({ teamId, userId }),
  output: z.object({ teamId, userId }),
})

export const listTeamMembersSignature = query('teams.listMembers', {
  summary: 'List the members of a team',
  input: z.strictObject({ teamId, ...pageInput }),
  output: pageOf(Member),
})
