import type { SqlEntityManager } from '@mikro-orm/sql'
import { recordFormerStates } from '../history/index.ts'
import { callerId } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import { idOf, uuidOf, uuidOrNull } from '../kernel/id.ts'
import type { UserId } from '../users/index.ts'
import type { TeamId } from './model.ts'

interface SeatRecord {
  readonly user: string
  readonly since: number
}

const seat = 'user_id::text as user, (extract(epoch from created_at) * 1000)::float8 as since'

/** Removes a user from a team, and records the former seat. Of many concurrent calls one gets true. */
export async function leaveSeat(em: SqlEntityManager, { teamId, userId }: { teamId: TeamId; userId: UserId }, now: Date): Promise<boolean> {
  const left = await em.execute<SeatRecord[]>(`delete from team_members where team_id = ? and user_id = ? returning ${seat}`, [
    uuidOf(teamId),
    uuidOf(userId),
  ])
  await remember(em, teamId, left, now)
  return left.length > 0
}

/** Removes all members of a team (row locked), and returns them: others may be leaving right now. */
export async function emptySeats(em: SqlEntityManager, teamId: TeamId, now: Date): Promise<readonly UserId[]> {
  const left = await em.execute<SeatRecord[]>(`delete from team_members where team_id = ? returning ${seat}`, [uuidOf(teamId)])
  await remember(em, teamId, left, now)
  return left.map(({ user }) => idOf('usr', user))
}

const aroundTeam = `role_assignments a where a.scope_team_id = ? and a.revoked_at is null and (a.valid_until is null or a.valid_until > ?)`

/**
 * Whoever loses something with a team: its members, and who has something on it, also through other teams.
 * @param locked nobody joins these others until the transaction ends; the team itself is locked already
 */
export async function usersAround(
  em: SqlEntityManager,
  teamId: TeamId,
  now: Date,
  { locked = false }: { readonly locked?: boolean } = {},
): Promise<readonly UserId[]> {
  const id = uuidOf(teamId)
  if (locked)
    await em.execute(`select 1 from teams where id in (select a.team_id from ${aroundTeam}) order by id for no key update`, [id, now])
  const rows = await em.execute<{ user: string }[]>(
    `with around as (select a.user_id, a.team_id from ${aroundTeam})
      select user_id::text as user from around where user_id is not null
      union select user_id::text from team_members where team_id = ? or team_id in (select team_id from around)`,
    [id, now, id],
  )
  return rows.map(({ user }) => idOf('usr', user))
}

async function remember(em: SqlEntityManager, teamId: TeamId, seats: readonly SeatRecord[], now: Date): Promise<void> {
  const former = seats.map(({ user, since }) => {
    return { kind: 'seat' as const, subjectId: user, objectId: uuidOf(teamId), value: null, beganAt: new Date(since) }
  })
  await recordFormerStates(em, former, now)
}

/** Ends all assignments to a team, and all assignments on it, and returns how many. `members` are its former members. */
export async function endAssignmentsOf(context: CommandContext, teamId: TeamId, members: readonly UserId[]): Promise<number> {
  const { em, now, actor } = context
  const by = callerId(actor)
  const ended = await em.execute<{ user: string | null; team: string | null }[]>(
    `update role_assignments set revoked_at = ?, revoked_by = ? where (team_id = ? or scope_team_id = ?) and revoked_at is null
      and (valid_until is null or valid_until > ?) returning user_id::text as user, team_id::text as team`,
    [now, uuidOrNull(by), uuidOf(teamId), uuidOf(teamId), now],
  )
  const teams = new Set(ended.flatMap(({ team }) => (team === null ? [] : [idOf('team', team)])))
  const users = new Set(ended.flatMap(({ user }) => (user === null ? [] : [idOf('usr', user)])))
  if (teams.delete(teamId)) for (const userId of members) users.add(userId)
  for (const userId of users) context.invalidate(userId, { when: 'now' })
  for (const changed of teams) context.invalidate(changed, { when: 'now' })
  return ended.length
}
