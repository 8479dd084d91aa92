import { counted, signatures, type Organization } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, unchanged } from '../action-command.ts'
import { denizen } from '../common-options.ts'
import { usageError } from '../failure.ts'
import { printable, record } from '../output.ts'
import type { Column } from '../table.ts'
import { addPaged } from '../paged-command.ts'
import { addDomains } from './orgs-domains.ts'
import { addInvitations } from './orgs-invitations.ts'
import { addMembers } from './orgs-members.ts'

const { organizations: actions } = signatures

const columns: readonly Column<Organization>[] = [
  { title: 'SLUG', whole: true, value: ({ slug }) => slug },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'MEMBERS', value: ({ memberCount, seatLimit }) => (seatLimit === null ? memberCount : `${memberCount} of ${seatLimit}`) },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'ID', whole: true, value: ({ id }) => id },
]

/** Organizations, named by their id or slug. */
export function addOrgs(program: Command): void {
  const orgs = program.command('orgs').description('Create, find and manage organizations')
  addOrganization(orgs)
  addEnd(orgs)
  addSwitch(orgs)
  addMembers(orgs)
  addInvitations(orgs)
  addDomains(orgs)
}

function addOrganization(orgs: Command): void {
  addAction(orgs, {
    signature: actions.create,
    arguments: ['name'],
    show: organizationText,
    examples: ['orgs create "Acme Inc."', 'orgs create "Acme Inc." --slug acme --owner ada'],
  })
  addAction(orgs, { signature: actions.get, arguments: ['organizationId'], show: organizationText, examples: ['orgs get acme'] })
  addPaged(orgs, {
    signature: actions.list,
    things: 'organizations',
    columns,
    examples: ['orgs list', 'orgs list --search acme --total', 'orgs list --status suspended --all --ndjson'],
  })
  addAction(orgs, {
    signature: actions.update,
    arguments: ['organizationId'],
    problem: (input) => unchanged(input, 'organizationId'),
    confirmation: ({ status }, [organization = '']) =>
      status === 'suspended' ? `Suspend ${printable(organization)}? Nobody can work in it until it is active again.` : null,
    show: organizationText,
    examples: [
      'orgs update acme --name "Acme Ltd." --slug acme-ltd',
      'orgs update acme --seat-limit 50',
      'orgs update acme --clear seat-limit',
    ],
  })
}

function addEnd(orgs: Command): void {
  addAction(orgs, {
    signature: actions.archive,
    arguments: ['organizationId'],
    confirmation: (_, [organization = '']) =>
      `Archive ${printable(organization)}? All members lose access at once, its invitations end and its domains are free. Only an administrator of the installation can restore it.`,
    async alsoPlanned({ calls }, { organizationId }) {
      const { memberCount } = await calls.organizations.get({ organizationId: organizationId as Organization['id'] })
      return memberCount === 0 ? [] : [`${counted(memberCount, 'member loses', 'members lose')} access`]
    },
    show: ({ organization, membersLost, invitationsRevoked }) =>
      record([
        ['organization', organization.slug],
        ['status', organization.status],
        ['members who lost it', membersLost],
        ['invitations revoked', invitationsRevoked],
      ]),
    examples: ['orgs archive acme --dry-run', 'orgs archive acme --yes'],
  })
  addAction(orgs, {
    signature: actions.restore,
    arguments: ['organizationId'],
    show: ({ organization, membersBack }) =>
      record([
        ['organization', organization.slug],
        ['status', organization.status],
        ['members who have it again', membersBack],
        ['not restored', 'invitations; domains have to be verified again'],
      ]),
    examples: ['orgs restore acme'],
  })
}

function addSwitch(orgs: Command): void {
  addAction(orgs, {
    signature: actions.switch,
    arguments: [{ field: 'organizationId', optional: true }],
    extend: (command) => void command.option('--none', 'work in none'),
    adjust(input, { none }) {
      if ((none === true) === (input['organizationId'] !== undefined))
        throw usageError('Name an organization (<organization>), or use --none.', `See which are yours: ${denizen} orgs list`)
      input['organizationId'] ??= null
    },
    show: ({ organization, role }) =>
      organization === null
        ? 'This session no longer works in an organization.'
        : `This session now works in ${printable(organization.slug)}, as ${role ?? 'nobody'}.`,
    examples: ['orgs switch acme', 'orgs switch --none'],
  })
}

function organizationText(organization: Organization): string {
  const { seatLimit, memberCount, settings } = organization
  return record([
    ['id', organization.id],
    ['slug', organization.slug],
    ['name', organization.name],
    ['status', organization.status],
    ['members', seatLimit === null ? memberCount : `${memberCount} of ${seatLimit}`],
    ['resource policy', organization.resourcePolicy],
    ['settings', Object.keys(settings).length === 0 ? null : settings],
    ['archived', organization.archivedAt],
    ['version', organization.version],
    ['created', organization.createdAt],
    ['changed', organization.updatedAt],
  ])
}
