import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Difference } from './difference.ts'

/** The subjects whose permissions a change may affect. */
export interface AffectedSubjects {
  readonly users: readonly Id<'usr'>[]
  readonly teams: readonly Id<'team'>[]
}

/** Finds every subject that has a changed role, or gains or loses an assignment, directly or through a team. */
export async function findAffected(
  em: SqlEntityManager,
  { roles, exclusions, assignments }: Difference,
  now: Date,
): Promise<AffectedSubjects> {
  const excluded = exclusions.flatMap(({ desired, current }) => [
    ...(desired?.roles ?? []).flatMap(({ id }) => id ?? []),
    ...(current?.roles ?? []).map(({ id }) => id),
  ])
  const changed = uuidsOf([...roles.flatMap(({ current }) => current?.id ?? []), ...excluded])
  const ids = (kind: 'user' | 'team') =>
    uuidsOf(assignments.flatMap(({ change: { subject } }) => (subject.kind === kind ? [subject.id] : [])))
  const rows = await em.execute<{ user: string | null; team: string | null }[]>(
    `with changed as (select unnest(?::uuid[]) as id union select role_id from role_closure where included_id = any(?::uuid[])),
      holder as (select a.user_id, a.team_id from role_assignments a where a.role_id in (select id from changed) and a.revoked_at is null
          and (a.valid_until is null or a.valid_until > ?)
        union select unnest(?::uuid[]), null union select null, unnest(?::uuid[]))
      select h.user_id::text as user, h.team_id::text as team from holder h
        union select s.user_id::text, null from holder h join team_members s on s.team_id = h.team_id`,
    [changed, changed, now, ids('user'), ids('team')],
  )
  return {
    users: [...new Set(rows.flatMap(({ user }) => (user === null ? [] : [idOf('usr', user)])))].sort(),
    teams: [...new Set(rows.flatMap(({ team }) => (team === null ? [] : [idOf('team', team)])))].sort(),
  }
}
