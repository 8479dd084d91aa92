import type { Id } from '../kernel/id.ts'
import type { Principal } from '../kernel/actor.ts'
import { builtInPermissions } from './built-in-permissions.ts'
import type { BuiltInRoleName } from './model.ts'

/** The roles of members of an organization. */
export type MembershipRole = Principal['memberships'][number]['role']

interface BuiltInRole {
  readonly id: Id<'rol'>
  readonly description: string
  /** Names of actions, `users.*`, `*`, or `queries` for everything that only reads. */
  readonly permissions: readonly string[]
}

/**
 * The built-in roles. They are code, not rows, so that the commit that adds an action also says who may call it: `grantedTo` in its
 * signature. The ids are the same in every database.
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
    description: 'Every full user: acts on what is its own, and may create organizations.',
    permissions: builtInPermissions.user,
  },
  anonymous: { id: 'rol_01j0000000e008000000000004', description: 'A user that has not said who it is.', permissions: [] },
  system: { id: 'rol_01j0000000e008000000000005', description: 'Programs that act for Denizen itself.', permissions: [] },
}

/** The permissions of a resource's owner, on it and on everything inside it. */
export const ownerPermissions = ['application', 'resources.*', ...builtInPermissions.resourceOwner]

const memberPermissions = builtInPermissions.member

/** Administrators hold all permissions of applications in their organization, so that they can assign them to its members. */
const adminPermissions = [...memberPermissions, 'application', ...builtInPermissions.admin]

/** The permissions of a member by role, each in that organization only. */
export const organizationRoles: Readonly<Record<MembershipRole, { readonly permissions: readonly string[] }>> = {
  owner: { permissions: [...adminPermissions, ...builtInPermissions.owner] },
  admin: { permissions: adminPermissions },
  member: { permissions: memberPermissions },
}

/** The permissions of every built-in role: of the system, of an organization, and of resource owners. */
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
