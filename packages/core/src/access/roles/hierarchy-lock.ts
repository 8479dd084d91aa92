import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Id } from '../../kernel/id.ts'
import { lockNames, shareLock, takeLocks } from '../../kernel/locks.ts'
import { lockOrganizations } from '../../organizations/index.ts'

/**
 * Locks the role hierarchy and the sets of separation of duty. `change` (inclusions, sets) is exclusive in its organization; `use`
 * (assigning a role) is shared, and nothing changes meanwhile. A change of the installation's own roles excludes everything in all
 * organizations. Lock order: after users, before anything else; first the organization, then the installation.
 */
export async function lockRoleHierarchy(em: SqlEntityManager, organizationId: Id<'org'> | null, to: 'change' | 'use'): Promise<void> {
  if (organizationId === null) return to === 'change' ? takeLocks(em, [lockNames.systemRoles]) : shareLock(em, lockNames.systemRoles)
  await (to === 'change' ? lockOrganizations(em, [organizationId]) : shareLock(em, lockNames.organization(organizationId)))
  await shareLock(em, lockNames.systemRoles)
}
