import type { SqlEntityManager } from '@mikro-orm/sql'
import { builtInRoles } from '../../grants/index.ts'
import { uuidOf, type Id } from '../../kernel/id.ts'
import { lockNames, shareLock, takeLocks } from '../../kernel/locks.ts'

/**
 * Locks the role hierarchy and the sets of separation of duty. `change` (inclusions, sets) is exclusive in its organization; `use`
 * (assigning a role) is shared, and nothing changes meanwhile. A change of the installation's own roles excludes everything in all
 * organizations. Lock order: after users, before anything else; first the organization, then the installation, whose lock is the row of a
 * role that never changes.
 */
export async function lockRoleHierarchy(em: SqlEntityManager, organizationId: Id<'org'> | null, to: 'change' | 'use'): Promise<void> {
  if (organizationId !== null) {
    const name = lockNames.organization(organizationId)
    await (to === 'change' ? takeLocks(em, [name]) : shareLock(em, name))
    await em.execute(`select 1 from organizations where id = ? ${rowLocks[to]}`, [uuidOf(organizationId)])
  }
  const ofSystem = organizationId === null ? to : 'use'
  await (ofSystem === 'change' ? takeLocks(em, [lockNames.systemRoles]) : shareLock(em, lockNames.systemRoles))
  await em.execute(`select 1 from roles where id = ? ${rowLocks[ofSystem]}`, [uuidOf(builtInRoles.system.id)])
}

const rowLocks = { change: 'for no key update', use: 'for share' }
