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
  user: { id: 'rol_01j0000000e008000000000003', description: 'Every full user: acts on what is its own.', permissions: [] },
  anonymous: { id: 'rol_01j0000000e008000000000004', description: 'A user that has not said who it is.', permissions: [] },
  system: { id: 'rol_01j0000000e008000000000005', description: 'Programs that act for Denizen itself.', permissions: [] },
}
