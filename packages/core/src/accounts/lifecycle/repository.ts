import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, uuidOrNull } from '../../kernel/id.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import type { UserId } from '../../users/index.ts'

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
