import type { Id } from '../kernel/id.ts'
import type { Principal } from '../kernel/context.ts'
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
 * What the built-in roles allow. It is code, not rows, so that a new action is decided about in the
 * commit that adds it: by `grantedTo` in its signature. The ids are in every database.
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
    permissions: builtInPermissions.user,
  },
  anonymous: { id: 'rol_01j0000000e008000000000004', description: 'A user that has not said who it is.', permissions: [] },
  system: { id: 'rol_01j0000000e008000000000005', description: 'Programs that act for Denizen itself.', permissions: [] },
}

/** What whoever owns a resource may do with it, and with what is inside. */
export const ownerPermissions = ['application', 'resources.*', ...builtInPermissions.resourceOwner]

const memberPermissions = builtInPermissions.member

/** Whatever an application calls its permissions, an organization's administrators hold: its people share what is in it by roles of their own. */
const adminPermissions = [...memberPermissions, 'application', ...builtInPermissions.admin]

/** What the roles of a member allow, each inside its organization only. */
export const organizationRoles: Readonly<Record<MembershipRole, { readonly permissions: readonly string[] }>> = {
  owner: { permissions: [...adminPermissions, ...builtInPermissions.owner] },
  admin: { permissions: adminPermissions },
  member: { permissions: memberPermissions },
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
