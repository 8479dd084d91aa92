import { counted, signatures, type Team } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { addAction, unchanged } from '../action-command.ts'
import { printable, record } from '../output.ts'
import { addPaged } from '../paged-command.ts'
import { memberColumns } from './orgs-members.ts'

const { teams: actions } = signatures

/** Teams, named by their id, or by their name inside an organization. */
export function addTeams(program: Command): void {
  const teams = program.command('teams').description('Create and manage teams of an organization')
  teams.addHelpText('after', '\nThe organization is that of --org, or the one that you switched to with "denizen orgs switch".')
  addTeam(teams)
  addSeats(teams)
}

/** Where names of teams and of their members are looked up. */
function addOrganization(command: Command): void {
  command.addOption(new Option('--org <organization>', 'where names are looked up, an id or a slug (default: the one you switched to)'))
}

function addTeam(teams: Command): void {
  addAction(teams, { signature: actions.create, arguments: ['name'], show: teamText, examples: ['teams create Support --org acme'] })
  addPaged(teams, {
    signature: actions.list,
    things: 'teams',
    columns: [
      { title: 'NAME', whole: true, value: ({ name }) => name },
      { title: 'MEMBERS', value: ({ memberCount }) => memberCount },
      { title: 'DESCRIPTION', value: ({ description }) => description },
      { title: 'CREATED', value: ({ createdAt }) => createdAt },
      { title: 'ID', whole: true, value: ({ id }) => id },
    ],
    examples: ['teams list --org acme', 'teams list --org acme --user ada --total'],
  })
  addAction(teams, {
    signature: actions.update,
    arguments: ['teamId'],
    extend: addOrganization,
    problem: (input) => unchanged(input, 'teamId'),
    show: teamText,
    examples: ['teams update Support --org acme --name "First level"', 'teams update team_01j… --clear description'],
  })
  addAction(teams, {
    signature: actions.delete,
    arguments: ['teamId'],
    extend: addOrganization,
    confirmation: (_, [team = '']) => `Delete the team ${printable(team)}? Its members stay in the organization.`,
    show: ({ membersLost }) => `The team is deleted. It had ${counted(membersLost, 'member')}.`,
    examples: ['teams delete Support --org acme --dry-run'],
  })
}

function addSeats(teams: Command): void {
  addPaged(teams, {
    signature: actions.listMembers,
    arguments: ['teamId'],
    extend: addOrganization,
    things: 'members',
    columns: memberColumns,
    examples: ['teams list-members Support --org acme'],
  })
  addAction(teams, {
    signature: actions.addMember,
    arguments: ['teamId', 'userId'],
    extend: addOrganization,
    show: ({ added }) => (added ? 'The user is now in the team.' : 'The user was already in the team.'),
    examples: ['teams add-member Support ada --org acme'],
  })
  addAction(teams, {
    signature: actions.removeMember,
    arguments: ['teamId', 'userId'],
    extend: addOrganization,
    confirmation: (_, [team = '', user = '']) => `Remove ${printable(user)} from the team ${printable(team)}?`,
    show: () => 'The user is no longer in the team.',
    examples: ['teams remove-member Support ada --org acme'],
  })
}

function teamText(team: Team): string {
  return record([
    ['id', team.id],
    ['name', team.name],
    ['description', team.description],
    ['members', team.memberCount],
    ['organization', team.organizationId],
    ['version', team.version],
    ['created', team.createdAt],
    ['changed', team.updatedAt],
  ])
}
