import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from '../../kernel/id.ts'
import { builtInRoles } from '../../grants/index.ts'

/**
 * Locks the role hierarchy and the sets of separation of duty. `change` (inclusions, sets) is exclusive in its organization; `use`
 * (assigning a role) is shared, and nothing changes meanwhile. A change of the installation's own roles excludes everything in all
 * organizations. Lock order: after users, before anything else; first the organization, then the installation, whose lock is the row of a
 * role that never changes.
 */
export async function lockRoleHierarchy(em: SqlEntityManager, organizationId: Id<'org'> | null, to: 'change' | 'use'): Promise<void> {
  const alone = 'for no key update'
  if (organizationId !== null)
    await em.execute(`select 1 from organizations where id = ? ${to === 'change' ? alone : 'for share'}`, [uuidOf(organizationId)])
  const lock = to === 'change' && organizationId === null ? alone : 'for share'
  await em.execute(`select 1 from roles where id = ? ${lock}`, [uuidOf(builtInRoles.system.id)])
}
