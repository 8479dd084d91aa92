import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOrNull, uuidsOf, type Id } from '../../kernel/id.ts'
import { tooManyAssignments } from './errors.ts'

/** Assignments that count for one user in one organization, or on resources outside of organizations: their own, and those of their teams. */
const mostAssignments = 2000

const current = `a.revoked_at is null and a.scope_kind <> 'system' and a.organization_id is not distinct from ?::uuid
  and (a.valid_until is null or a.valid_until > ?)`

/**
 * Throws `access.tooManyAssignments` if somebody has more than can be: every call of theirs, and every decision about them, goes through all of
 * them. Call it in the transaction that assigns something to them or gives them a seat in a team, after writing.
 * @param organizationId where it was assigned; null: on a resource outside of organizations
 */
export async function enforceAssignmentLimit(
  em: SqlEntityManager,
  userIds: readonly Id<'usr'>[],
  organizationId: Id<'org'> | null,
  now: Date,
): Promise<void> {
  if (userIds.length === 0) return
  const where = [uuidOrNull(organizationId), now] as const
  const [row] = await em.execute<{ user: string }[]>(
    `select u.id::text as user from unnest(?::uuid[]) u (id) where (select count(*) from (
        select 1 from role_assignments a where a.user_id = u.id and ${current}
        union all select 1 from role_assignments a
          where a.team_id is not null and a.team_id in (select s.team_id from team_members s where s.user_id = u.id) and ${current}
        limit ${mostAssignments + 1}) x) > ${mostAssignments} limit 1`,
    [uuidsOf(userIds), ...where, ...where],
  )
  if (row !== undefined) throw tooManyAssignments({ userId: idOf('usr', row.user), limit: mostAssignments })
}
