import type { SqlEntityManager } from '@mikro-orm/sql'
import { notFound } from '../../kernel/errors.ts'
import { uuidsOf } from '../../kernel/id.ts'
import type { RoleId } from '../model.ts'
import { excluded, notOnResources } from './errors.ts'
import { lockRoleHierarchy } from '../roles/hierarchy-lock.ts'
import { setsOf, violationsOf, type ProposedAssignment } from './violations.ts'

/**
 * Refuses to give roles to users who would then have too many of a static set, and to give a role
 * of a dynamic set on a resource (`access.excluded`, `access.notOnResources`). Whoever gives a role
 * to somebody, or to a team (then `userIds` are those who sit in it), or a seat in a team that has roles
 * (then `roleIds` are those, a call for each of its places), calls this in the transaction, before or after
 * it writes. It locks the users, so that of two who give one user a role each the second sees what the
 * first gave, and the structure of roles, so that nothing of that changes before the transaction is over.
 * Users come before everything else in the order of locks: call it, or lock them, before rows of other kinds.
 * A role that was deleted meanwhile is not there.
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
