import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, uuidsOf, type Id } from '../kernel/id.ts'
import { lastOwner } from './errors.ts'
import type { OrganizationId } from './model.ts'
import { lockOrganizations } from './repository.ts'

/**
 * Locks the organization, and refuses if the user is its last owner. Call it before the change, for members who are owners. Archived users
 * do not count. `users.archive` has a check of its own (`ensureOtherOwners` in `accounts/lifecycle/archive.ts`): whoever is alone may be archived.
 */
export async function ensureAnotherOwner(em: SqlEntityManager, organizationId: OrganizationId, userId: Id<'usr'>): Promise<void> {
  await lockOrganizations(em, [organizationId])
  const others = await em.execute<unknown[]>(
    `select 1 from memberships m join users u on u.id = m.user_id and u.status <> 'archived'
      where m.organization_id = ? and m.role = 'owner' and m.user_id <> ? limit 1`,
    [uuidOf(organizationId), uuidOf(userId)],
  )
  if (others.length === 0) throw lastOwner({ organizationId })
}

/** The active organizations that any of the users owns, alone or with others. */
export async function ownedOrganizations(em: SqlEntityManager, userIds: readonly Id<'usr'>[]): Promise<OrganizationId[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select distinct o.id::text as id from memberships m join organizations o on o.id = m.organization_id and o.status = 'active'
      where m.user_id = any(?::uuid[]) and m.role = 'owner'`,
    [uuidsOf(userIds)],
  )
  return rows.map(({ id }) => idOf('org', id))
}

/** Those of the organizations that have other members but no other owner. Archived users count as neither. Call it under `lockOrganizations`. */
export async function ownerlessWithout(
  em: SqlEntityManager,
  userId: Id<'usr'>,
  among: readonly OrganizationId[],
): Promise<OrganizationId[]> {
  if (among.length === 0) return []
  const rows = await em.execute<{ id: string }[]>(
    `select m.organization_id::text as id from memberships m join users u on u.id = m.user_id and u.status <> 'archived'
      where m.organization_id = any(?::uuid[]) and m.user_id <> ?
      group by m.organization_id having bool_and(m.role <> 'owner') order by m.organization_id`,
    [uuidsOf(among), uuidOf(userId)],
  )
  return rows.map(({ id }) => idOf('org', id))
}

/** Those of the organizations that have no other owner, whether or not they have other members. Archived users do not count. Call it under `lockOrganizations`. */
export async function ownerlessAfter(em: SqlEntityManager, userId: Id<'usr'>, among: readonly OrganizationId[]): Promise<OrganizationId[]> {
  if (among.length === 0) return []
  const rows = await em.execute<{ id: string }[]>(
    `select o.id::text as id from organizations o where o.id = any(?::uuid[]) and not exists (
        select from memberships m join users u on u.id = m.user_id and u.status <> 'archived'
          where m.organization_id = o.id and m.user_id <> ? and m.role = 'owner') order by o.id`,
    [uuidsOf(among), uuidOf(userId)],
  )
  return rows.map(({ id }) => idOf('org', id))
}
