import { signatures, type OutputOf } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { addAction, unchanged } from '../action-command.ts'
import { formatOf } from '../common-options.ts'
import { printAnswer, record } from '../output.ts'
import { table } from '../table.ts'
import { addPaged } from '../paged-command.ts'
import { ScopeNames } from '../scope-names.ts'

const { access: actions } = signatures

type Exclusion = OutputOf<typeof actions.createExclusion>

/** Separation of duty: sets of roles that exclude each other, and the active roles of a session. */
export function addExclusions(access: Command): void {
  addSets(access)
  addList(access)
  addActiveRoles(access)
}

/** Where names of roles are looked up. */
function addOrganization(command: Command): void {
  command.addOption(new Option('--org <organization>', 'where names are looked up, an id or a slug (default: the one you switched to)'))
}

function addSets(access: Command): void {
  addAction(access, {
    signature: actions.createExclusion,
    arguments: ['name'],
    show: exclusionText,
    examples: [
      'access create-exclusion "Pay or approve" --org acme --kind static --role payer,approver',
      'access create-exclusion "One hat at a time" --org acme --kind dynamic --role teller,auditor,manager --cardinality 2',
    ],
  })
  addAction(access, {
    signature: actions.updateExclusion,
    arguments: ['exclusionId'],
    extend: addOrganization,
    problem: (input) => unchanged(input, 'exclusionId'),
    show: exclusionText,
    examples: [
      'access update-exclusion exc_01j… --org acme --add cashier --remove teller',
      'access update-exclusion exc_01j… --cardinality 3',
    ],
  })
  addAction(access, {
    signature: actions.deleteExclusion,
    arguments: ['exclusionId'],
    confirmation: () => 'Delete the set? Its roles no longer exclude each other.',
    show: () => 'The set is deleted.',
    examples: ['access delete-exclusion exc_01j…'],
  })
}

function addList(access: Command): void {
  addPaged(access, {
    signature: actions.listExclusions,
    things: 'sets of roles',
    columns: [
      { title: 'NAME', whole: true, value: ({ name }) => name },
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'TOO MANY', value: ({ cardinality }) => cardinality },
      { title: 'ROLES', value: ({ roles }) => roles.map(({ name }) => name).join(', ') },
      { title: 'ID', whole: true, value: ({ id }) => id },
    ],
    examples: ['access list-exclusions --org acme', 'access list-exclusions --org acme --role payer'],
  })
}

function addActiveRoles(access: Command): void {
  addAction(access, {
    signature: actions.activateRole,
    arguments: ['roleId'],
    extend: addOrganization,
    show: ({ changed }) => (changed ? 'The role is now active in this session.' : 'The role was already active.'),
    examples: ['access activate-role auditor --org acme'],
  })
  addAction(access, {
    signature: actions.deactivateRole,
    arguments: ['roleId'],
    extend: addOrganization,
    show: ({ changed }) => (changed ? 'The role is no longer active in this session.' : 'The role was not active.'),
    examples: ['access deactivate-role auditor --org acme'],
  })
  addAction(access, {
    signature: actions.listActiveRoles,
    show: () => '',
    async answer(connection, _, options) {
      const answer = await connection.calls.access.listActiveRoles({})
      const names = new ScopeNames()
      const scopes = answer.items.map(({ on }) => on)
      if (formatOf(options) === 'text') await names.load(connection, scopes)
      printAnswer(formatOf(options), answer, (shown) => activeRolesText(shown, names))
    },
    examples: ['access list-active-roles'],
  })
}

function activeRolesText({ items }: OutputOf<typeof actions.listActiveRoles>, names: ScopeNames): string {
  return table(items, [
    { title: 'ROLE', value: ({ role }) => role.name },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'ON', value: ({ on }) => names.of(on) ?? 'everywhere' },
    { title: 'ID', whole: true, value: ({ role }) => role.id },
  ])
}

function exclusionText({ roles, ...exclusion }: Exclusion): string {
  return record([
    ['id', exclusion.id],
    ['name', exclusion.name],
    ['kind', exclusion.kind],
    ['roles', roles.map(({ name }) => name).join(', ')],
    ['too many', exclusion.cardinality],
    ['organization', exclusion.organizationId ?? 'the installation'],
    ['version', exclusion.version],
    ['created', exclusion.createdAt],
    ['changed', exclusion.updatedAt],
  ])
}
