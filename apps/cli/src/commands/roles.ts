import { signatures, type OutputOf } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { addAction, unchanged } from '../action-command.ts'
import { printable, record } from '../output.ts'
import { addPaged } from '../paged-command.ts'

const { roles: actions } = signatures

type Role = OutputOf<typeof actions.get>

/** Roles: named by their id, or by their name in an organization or in the installation. */
export function addRoles(program: Command): void {
  const roles = program.command('roles').description('Make roles: named sets of permissions')
  roles.addHelpText(
    'after',
    '\nWith --org they are the organization’s own, without it those of the installation. Names are looked up in the organization of --org, else in the one that you switched to.',
  )
  addLooks(roles)
  addRole(roles)
  addContent(roles)
}

/** Where names of roles are looked up. */
function addOrganization(command: Command): void {
  command.addOption(new Option('--org <organization>', 'where names are looked up, an id or a slug (default: the one you switched to)'))
}

function addLooks(roles: Command): void {
  addPaged(roles, {
    signature: actions.list,
    things: 'roles',
    columns: [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'OF', value: ({ organizationId, builtIn }) => (builtIn ? 'built in' : (organizationId ?? 'the installation')) },
      { title: 'PERMISSIONS', value: ({ permissions }) => permissions.join(', ') },
      { title: 'INCLUDES', value: ({ includes }) => includes.map(({ name }) => name).join(', ') },
      { title: 'ID', whole: true, value: ({ id }) => id },
    ],
    examples: ['roles list --org acme', 'roles list --org acme --installation --search edit'],
  })
  addAction(roles, {
    signature: actions.get,
    arguments: ['roleId'],
    extend: addOrganization,
    show: roleText,
    examples: ['roles get editor --org acme'],
  })
}

function addRole(roles: Command): void {
  addAction(roles, {
    signature: actions.create,
    arguments: ['name'],
    show: roleText,
    examples: [
      'roles create editor --org acme --permissions document.read,document.write',
      'roles create chief --org acme --includes editor --permissions "document.*"',
    ],
  })
  addAction(roles, {
    signature: actions.update,
    arguments: ['roleId'],
    extend: addOrganization,
    objection: (input) => unchanged(input, 'roleId'),
    show: roleText,
    examples: ['roles update editor --org acme --name writer', 'roles update rol_01j… --clear description'],
  })
  addAction(roles, {
    signature: actions.delete,
    arguments: ['roleId'],
    extend: addOrganization,
    question: (_, [role = '']) => `Delete the role ${printable(role)}, and take it from everybody who has it?`,
    show: ({ assignmentsEnded }) =>
      `The role is deleted; it was taken from ${assignmentsEnded} ${assignmentsEnded === 1 ? 'holder' : 'holders'}.`,
    examples: ['roles delete editor --org acme --dry-run'],
  })
}

function addContent(roles: Command): void {
  addAction(roles, {
    signature: actions.setParents,
    arguments: ['roleId'],
    extend: addOrganization,
    show: roleText,
    examples: ['roles set-parents chief --org acme --includes editor,viewer', 'roles set-parents chief --org acme --includes ""'],
  })
  addAction(roles, {
    signature: actions.grantPermission,
    arguments: ['roleId', 'permission'],
    extend: addOrganization,
    show: ({ changed }) => (changed ? 'The role has the permission now.' : 'The role had the permission already.'),
    examples: ['roles grant-permission editor document.delete --org acme'],
  })
  addAction(roles, {
    signature: actions.revokePermission,
    arguments: ['roleId', 'permission'],
    extend: addOrganization,
    question: (_, [role = '', permission = '']) => `Take ${printable(permission)} from everybody who has the role ${printable(role)}?`,
    show: ({ changed }) => (changed ? 'The role does not have the permission any more.' : 'The role did not have the permission.'),
    examples: ['roles revoke-permission editor document.delete --org acme'],
  })
}

function roleText(role: Role): string {
  return record([
    ['id', role.id],
    ['name', role.name],
    ['description', role.description],
    ['organization', role.organizationId ?? (role.builtIn ? 'built in' : 'the installation')],
    ['permissions', role.permissions.join(', ')],
    ['includes', role.includes.map(({ name }) => name).join(', ')],
    ['version', role.version],
    ['created', role.createdAt],
    ['changed', role.updatedAt],
  ])
}
