import type { SqlEntityManager } from '@mikro-orm/sql'
import { notFound } from '../../kernel/errors.ts'
import { uuidsOf } from '../../kernel/id.ts'
import type { RoleId } from '../model.ts'
import { excluded, notOnResources } from './errors.ts'
import { lockRoleHierarchy } from '../roles/hierarchy-lock.ts'
import { setsOf, violationsOf, type ProposedAssignment } from './violations.ts'

/**
 * Throws `access.excluded` if users would exceed a static set, and `access.notOnResources` for a role of a dynamic set on a resource.
 * Call it in the transaction that assigns a role to a user or a team (`userIds`: the members), or adds a user to a team with roles
 * (`roleIds`, one call for each scope), before or after writing. It locks the users, so that of two concurrent assignments the second
 * sees the first, and the role hierarchy, so that it stays the same until the transaction ends. Users come first in the order of locks:
 * call it, or lock them, before other rows. Deleted roles are not found.
 */
export async function enforceSeparationOfDuty(em: SqlEntityManager, granting: ProposedAssignment, now: Date): Promise<void> {
  const { userIds, roleIds, organizationId, scopeKind } = granting
  if (roleIds.length === 0) return
  await em.execute('select 1 from users where id = any(?::uuid[]) order by id for no key update', [uuidsOf(userIds)])
  await lockRoleHierarchy(em, organizationId, 'use')
  await requireRoles(em, roleIds)
  const sets = (await setsOf(em, roleIds)).filter(({ home }) => home === null || home === organizationId)
  const dynamic = sets.find(({ kind }) => kind === 'dynamic')
  if (scopeKind === 'resource' && dynamic !== undefined)
    throw notOnResources({ exclusion: { id: dynamic.id, name: dynamic.name }, roles: dynamic.roles })
  const [found] = await violationsOf(em, { sets: sets.map(({ id }) => id), granting, now, limit: 1 })
  if (found === undefined) return
  const { exclusionId, name, cardinality, roles, userId } = found
  throw excluded({ exclusion: { id: exclusionId, name }, cardinality, roles, userId })
}

async function requireRoles(em: SqlEntityManager, roleIds: readonly RoleId[]): Promise<void> {
  const gone = await em.execute<unknown[]>('select 1 from roles where id = any(?::uuid[]) and deleted_at is not null limit 1', [
    uuidsOf(roleIds),
  ])
  if (gone.length > 0) throw notFound({ type: 'role' })
}
