import { counted, signatures, type OutputOf } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { addAction, unchanged } from '../action-command.ts'
import { printable, record } from '../output.ts'
import { addPaged } from '../paged-command.ts'
import { briefly, permissionLines } from '../permission-areas.ts'
import { ScopeNames } from '../scope-names.ts'

const { roles: actions } = signatures

type Role = OutputOf<typeof actions.get>

/** Roles, named by their id, or by their name in an organization or in the installation. */
export function addRoles(program: Command): void {
  const roles = program.command('roles').description('Create and change roles: named sets of permissions')
  roles.addHelpText(
    'after',
    '\nWith --org these are the roles of an organization, without it those of the installation. Names are looked up in the organization of --org, or in the one that you switched to.',
  )
  addQueries(roles)
  addRole(roles)
  addPermissions(roles)
}

/** Where names of roles are looked up. */
function addOrganization(command: Command): void {
  command.addOption(new Option('--org <organization>', 'where names are looked up, an id or a slug (default: the one you switched to)'))
}

function addQueries(roles: Command): void {
  const names = new ScopeNames()
  addPaged(roles, {
    signature: actions.list,
    lookUp: names.load.bind(names),
    things: 'roles',
    columns: [
      { title: 'NAME', whole: true, value: ({ name }) => name },
      {
        title: 'OF',
        value: (role) => (role.builtIn ? 'built in' : (names.of(role) ?? 'the installation')),
      },
      { title: 'PERMISSIONS', value: ({ permissions }) => briefly(permissions) },
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
    problem: (input) => unchanged(input, 'roleId'),
    show: roleText,
    examples: ['roles update editor --org acme --name writer', 'roles update rol_01j… --clear description'],
  })
  addAction(roles, {
    signature: actions.delete,
    arguments: ['roleId'],
    extend: addOrganization,
    confirmation: (_, [role = '']) => `Delete the role ${printable(role)}, and revoke it from everybody who has it?`,
    show: ({ assignmentsEnded }) => `The role is deleted. It was assigned ${counted(assignmentsEnded, 'time')}.`,
    examples: ['roles delete editor --org acme --dry-run'],
  })
}

function addPermissions(roles: Command): void {
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
    show: ({ changed }) => (changed ? 'The role now has the permission.' : 'The role already had the permission.'),
    examples: ['roles grant-permission editor document.delete --org acme'],
  })
  addAction(roles, {
    signature: actions.revokePermission,
    arguments: ['roleId', 'permission'],
    extend: addOrganization,
    confirmation: (_, [role = '', permission = '']) =>
      `Revoke ${printable(permission)} from everybody who has the role ${printable(role)}?`,
    show: ({ changed }) => (changed ? 'The role no longer has the permission.' : 'The role did not have the permission.'),
    examples: ['roles revoke-permission editor document.delete --org acme'],
  })
}

function roleText(role: Role): string {
  return record([
    ['id', role.id],
    ['name', role.name],
    ['description', role.description],
    ['organization', role.organizationId ?? (role.builtIn ? 'built in' : 'the installation')],
    ['permissions', permissionLines(role.permissions)],
    ['includes', role.includes.map(({ name }) => name).join(', ')],
    ['version', role.version],
    ['created', role.createdAt],
    ['changed', role.updatedAt],
  ])
}
