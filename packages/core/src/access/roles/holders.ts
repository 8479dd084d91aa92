import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../../kernel/context.ts'
import { idOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { RoleId } from '../model.ts'

/** SQL of the assignments `a` of some roles, and of roles that include them, which have not ended. Parameters: the roles twice, the time. */
const assignmentsOf = `role_assignments a where a.role_id in (
    select unnest(?::uuid[]) union select role_id from role_closure where included_id = any(?::uuid[]))
  and a.revoked_at is null and (a.valid_until is null or a.valid_until > ?)`

/** Whoever has one of the roles, by themselves, through a team, or through a role that includes it. */
export async function holdersOf(em: SqlEntityManager, roleIds: readonly RoleId[], now: Date): Promise<readonly Id<'usr'>[]> {
  if (roleIds.length === 0) return []
  const ids = uuidsOf(roleIds)
  const rows = await em.execute<{ id: string }[]>(
    `with holder as (select a.user_id, a.team_id from ${assignmentsOf})
      select user_id::text as id from holder where user_id is not null
      union select s.user_id::text from holder h join team_members s on s.team_id = h.team_id`,
    [ids, ids, now],
  )
  return rows.map(({ id }) => idOf('usr', id))
}

/**
 * Locks the teams that have the role, so that nobody joins them until the transaction ends. To be called before the lock of the hierarchy,
 * as whoever is put into a team has it first, too.
 */
export async function lockTeamsOf({ em, now }: Pick<CommandContext, 'em' | 'now'>, roleId: RoleId): Promise<void> {
  const id = uuidsOf([roleId])
  await em.execute(`select 1 from teams where id in (select a.team_id from ${assignmentsOf}) order by id for no key update`, [id, id, now])
}

/** To be called under the locks of the hierarchy and the role: nobody who has the role outlasts what is taken out of it. */
export async function requireHoldersLocked(context: CommandContext, roleId: RoleId): Promise<void> {
  await lockTeamsOf(context, roleId)
  context.requireLocked(await holdersOf(context.em, [roleId], context.now))
}
