import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from '../../kernel/id.ts'
import { builtInRoles } from '../../grants/index.ts'

/**
 * Takes the guard of what roles include and exclude. Whoever changes that (inclusions,
 * sets of roles that exclude each other) is alone in its organization; whoever gives roles
 * is not, but nothing of it changes meanwhile. Changes of the installation's own roles
 * concern every organization, so all that happens in one waits for those.
 * Comes after the users, before anything else: first the organization, then the
 * installation, whose guard is the row of a role that nobody ever changes.
 */
export async function lockRoleHierarchy(em: SqlEntityManager, organizationId: Id<'org'> | null, to: 'change' | 'use'): Promise<void> {
  const alone = 'for no key update'
  if (organizationId !== null)
    await em.execute(`select 1 from organizations where id = ? ${to === 'change' ? alone : 'for share'}`, [uuidOf(organizationId)])
  const lock = to === 'change' && organizationId === null ? alone : 'for share'
  await em.execute(`select 1 from roles where id = ? ${lock}`, [uuidOf(builtInRoles.system.id)])
}
