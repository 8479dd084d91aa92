import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Id } from '../../kernel/id.ts'
import { lockNames, shareLock, takeLocks } from '../../kernel/locks.ts'
import { lockOrganizations } from '../../organizations/index.ts'

/**
 * Takes the guard of what roles include and exclude. Whoever changes that (inclusions,
 * sets of roles that exclude each other) is alone in its organization; whoever gives roles
 * is not, but nothing of it changes meanwhile. Changes of the installation's own roles
 * concern every organization, so all that happens in one waits for those.
 * Comes after the users, before anything else: first the organization, then the installation.
 */
export async function lockRoleHierarchy(em: SqlEntityManager, organizationId: Id<'org'> | null, to: 'change' | 'use'): Promise<void> {
  if (organizationId === null) return to === 'change' ? takeLocks(em, [lockNames.systemRoles]) : shareLock(em, lockNames.systemRoles)
  await (to === 'change' ? lockOrganizations(em, [organizationId]) : shareLock(em, lockNames.organization(organizationId)))
  await shareLock(em, lockNames.systemRoles)
}
