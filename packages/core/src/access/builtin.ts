import type { MembershipRole } from '../organizations/model.ts'
import type { BuiltInRoleName, RoleId } from './model.ts'

interface BuiltInRole {
  readonly id: RoleId
  readonly description: string
  /** Names of actions, `users.*`, `*`, or `queries` for everything that only reads. */
  readonly permissions: readonly string[]
}

/**
 * What the built-in roles allow. It is code, not rows, so that a new action is
 * decided about in the commit that adds it. The ids are in every database.
 */
export const builtInRoles: Readonly<Record<BuiltInRoleName, BuiltInRole>> = {
  superadmin: { id: 'rol_01j0000000e008000000000001', description: 'May do everything.', permissions: ['*'] },
  monitor: {
    id: 'rol_01j0000000e008000000000002',
    description: 'Reads everything but secrets; changes nothing.',
    permissions: ['queries'],
  },
  user: {
    id: 'rol_01j0000000e008000000000003',
    description: 'Every full user: acts on what is its own, and may found organizations.',
    permissions: ['organizations.create'],
  },
  anonymous: { id: 'rol_01j0000000e008000000000004', description: 'A user that has not said who it is.', permissions: [] },
  system: { id: 'rol_01j0000000e008000000000005', description: 'Programs that act for Denizen itself.', permissions: [] },
}

/** What whoever owns a resource may do with it, and with what is inside. */
export const ownerPermissions = [
  'application',
  'resources.*',
  'access.assignRole',
  'access.unassignRole',
  'access.grantPermission',
  'access.revokePermission',
  'access.check',
  'access.checkMany',
  'access.explain',
  'access.whoCan',
  'access.listAssignments',
]

/** What a member may do: see the organization, and who else is in it. */
const asMember = ['organizations.get', 'organizations.listMembers', 'organizations.listDomains', 'teams.list', 'teams.listMembers']

/** What an administrator may do besides: run the organization, and the accounts that it manages. */
const asAdmin = [
  ...asMember,
  // Whatever an application calls its permissions: an organization's people share what is in it by roles of their own.
  'application',
  'organizations.update',
  'organizations.addDomain',
  'organizations.verifyDomain',
  'organizations.removeDomain',
  'organizations.addMember',
  'organizations.removeMember',
  'organizations.updateMember',
  'organizations.invite',
  'organizations.revokeInvitation',
  'organizations.listInvitations',
  'teams.create',
  'teams.update',
  'teams.delete',
  'teams.addMember',
  'teams.removeMember',
  'users.create',
  'users.bulkCreate',
  'users.get',
  'users.find',
  'users.list',
  'users.search',
  'users.count',
  'users.stats',
  'users.activity',
  'users.listWithSessions',
  'users.update',
  'users.bulkUpdate',
  'users.setStatus',
  'users.archive',
  'users.bulkArchive',
  'users.restore',
  'users.contain',
  'auth.listLoginHistory',
  'auth.sendSetupLink',
  'auth.unlock',
  'factors.list',
  'factors.reset',
  'passkeys.list',
  'sessions.list',
  'sessions.listActive',
  'sessions.listRecent',
  'sessions.get',
  'sessions.end',
  'sessions.endAll',
  'identities.list',
  'identities.unlink',
  'tokens.create',
  'tokens.list',
  'tokens.get',
  'tokens.revoke',
  'tokens.rotate',
  'roles.create',
  'roles.update',
  'roles.delete',
  'roles.get',
  'roles.list',
  'roles.setParents',
  'roles.grantPermission',
  'roles.revokePermission',
  'access.assignRole',
  'access.unassignRole',
  'access.grantPermission',
  'access.revokePermission',
  'access.listAssignments',
  'access.createExclusion',
  'access.updateExclusion',
  'access.deleteExclusion',
  'access.listExclusions',
  'access.check',
  'access.checkMany',
  'access.listPermissions',
  'access.listResources',
  'access.whoCan',
  'access.explain',
  'access.at',
  'access.compare',
  'access.review',
  'access.export',
  'access.plan',
  'access.apply',
  'access.diff',
  'access.test',
  'resources.register',
  'resources.registerMany',
  'resources.update',
  'resources.get',
  'resources.list',
  'resources.transfer',
  'resources.delete',
  'resources.grant',
  'resources.revoke',
  'policies.effective',
]

/** What the roles of a member allow, each inside its organization only. */
export const organizationRoles: Readonly<Record<MembershipRole, { readonly permissions: readonly string[] }>> = {
  owner: { permissions: [...asAdmin, 'organizations.archive', 'organizations.transferOwnership'] },
  admin: { permissions: asAdmin },
  member: { permissions: asMember },
}

/** What each of them holds: those of the system, those of an organization, and whoever owns a resource. */
export const permissionsByRole: Readonly<Record<string, readonly string[]>> = {
  ...permissionsOfEach(builtInRoles),
  ...permissionsOfEach(organizationRoles),
  resourceOwner: ownerPermissions,
}

function permissionsOfEach(
  roles: Readonly<Record<string, { readonly permissions: readonly string[] }>>,
): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(roles).map(([name, { permissions }]) => [name, permissions]))
}
