import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, uuidOrNull, uuidsOf } from '../../kernel/id.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import type { UserId } from '../../users/index.ts'

/** The active organizations that any of the users owns, alone or with others. */
export async function ownedOrganizations(em: SqlEntityManager, userIds: readonly UserId[]): Promise<OrganizationId[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select distinct o.id::text as id from memberships m join organizations o on o.id = m.organization_id and o.status = 'active'
      where m.user_id = any(?::uuid[]) and m.role = 'owner'`,
    [uuidsOf(userIds)],
  )
  return rows.map(({ id }) => idOf('org', id))
}

/** Those of the organizations that have other members but no other owner. Archived users count as neither. Call it under `lockOrganizations`. */
export async function ownerlessWithout(em: SqlEntityManager, userId: UserId, among: readonly OrganizationId[]): Promise<OrganizationId[]> {
  if (among.length === 0) return []
  const rows = await em.execute<{ id: string }[]>(
    `select m.organization_id::text as id from memberships m join users u on u.id = m.user_id and u.status <> 'archived'
      where m.organization_id = any(?::uuid[]) and m.user_id <> ?
      group by m.organization_id having bool_and(m.role <> 'owner') order by m.organization_id`,
    [uuidsOf(among), uuidOf(userId)],
  )
  return rows.map(({ id }) => idOf('org', id))
}

/** The names of the roles assigned to a user: everywhere, and in one organization or in any. */
export async function roleNames(em: SqlEntityManager, userId: UserId, within: OrganizationId | null, now: Date): Promise<string[]> {
  const organization = uuidOrNull(within)
  const rows = await em.execute<{ name: string }[]>(
    `select distinct r.name from role_assignments a join roles r on r.id = a.role_id
      where a.user_id = ? and a.revoked_at is null and (a.valid_until is null or a.valid_until > ?)
        and (?::uuid is null or a.organization_id is null or a.organization_id = ?) order by 1`,
    [uuidOf(userId), now, organization, organization],
  )
  return rows.map(({ name }) => name)
}
