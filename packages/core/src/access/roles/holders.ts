import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../../kernel/context.ts'
import { idOf, uuidOf, type Id } from '../../kernel/id.ts'
import type { RoleId } from '../model.ts'

/**
 * Holders that are locked. A lock costs some twenty microseconds, and the change of a role has to be done however many have it: above this
 * number it holds for calls that begin after its answer, and one that was under way may still commit.
 */
export const mostLockedHolders = 10_000

/** SQL of the assignments `a` of a role, and of roles that include it, which have not ended. Parameters: the role twice, the time. */
const assignmentsOf = `role_assignments a where a.role_id in (
    select ?::uuid union select role_id from role_closure where included_id = ?::uuid)
  and a.revoked_at is null and (a.valid_until is null or a.valid_until > ?)`

/** Whoever has a role, by themselves, through a team, or through a role that includes it; nobody where they are too many to be locked. */
export async function holdersOf(em: SqlEntityManager, roleId: RoleId, now: Date): Promise<readonly Id<'usr'>[]> {
  const id = uuidOf(roleId)
  const rows = await em.execute<{ id: string }[]>(
    `with holder as (select a.user_id, a.team_id from ${assignmentsOf})
      select user_id::text as id from holder where user_id is not null
      union select s.user_id::text from holder h join team_members s on s.team_id = h.team_id
      limit ${mostLockedHolders + 1}`,
    [id, id, now],
  )
  return rows.length > mostLockedHolders ? [] : rows.map(({ id }) => idOf('usr', id))
}

/**
 * Locks the teams that have the role, so that nobody joins them until the transaction ends. To be called before the lock of the hierarchy,
 * as whoever is put into a team has it first, too.
 */
export async function lockTeamsOf({ em, now }: Pick<CommandContext, 'em' | 'now'>, roleId: RoleId): Promise<void> {
  const id = uuidOf(roleId)
  await em.execute(`select 1 from teams where id in (select a.team_id from ${assignmentsOf}) order by id for no key update`, [id, id, now])
}

/** To be called under the locks of the hierarchy and the role: nobody who has the role outlasts what is taken out of it. */
export async function requireHoldersLocked(context: CommandContext, roleId: RoleId): Promise<void> {
  await lockTeamsOf(context, roleId)
  context.requireLocked(await holdersOf(context.em, roleId, context.now))
}
