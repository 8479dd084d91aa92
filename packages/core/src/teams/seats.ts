import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { uuidOf } from '../kernel/id.ts'
import { anyOf, granted, owner } from '../kernel/rule.ts'
import type { OrganizationId } from '../organizations/index.ts'
import type { UserId } from '../users/index.ts'
import type { TeamId } from './model.ts'
import { lockTeam, seatTarget, teamTarget } from './repository.ts'
import { addTeamMemberSignature, removeTeamMemberSignature } from './signatures.ts'

interface Seat {
  readonly teamId: TeamId
  readonly userId: UserId
  readonly organizationId: OrganizationId
}

/** Somebody of another organization is not there, like somebody whom nobody ever heard of. */
export const addTeamMember = defineCommand(addTeamMemberSignature, {
  allow: granted,
  target: teamTarget,
  async handle(context, { teamId, userId }) {
    const { em, now } = context
    const seat = { teamId, userId, organizationId: await lockTeam(em, teamId, 'key share') }
    if (!(await isKeptMember(em, seat))) throw notFound({ type: 'member' })
    const added = await insertSeat(em, seat, now)
    if (added) tell(context, 'teams.memberAdded', seat)
    return { teamId, userId, added }
  },
})

export const removeTeamMember = defineCommand(removeTeamMemberSignature, {
  allow: anyOf(granted, owner),
  target: seatTarget,
  async handle(context, { teamId, userId }) {
    const { em } = context
    const seat = { teamId, userId, organizationId: await lockTeam(em, teamId, 'key share') }
    if (!(await deleteSeat(em, seat))) throw notFound({ type: seatTarget.type })
    tell(context, 'teams.memberRemoved', seat)
    return { teamId, userId }
  },
})

function tell(context: CommandContext, type: string, { teamId, userId, organizationId }: Seat): void {
  context.note({ changes: { userId } })
  context.emit({ type, subject: teamId, organizationId, payload: { teamId, organizationId, userId } })
}

/** Whether somebody is a member; if so, they cannot leave before this transaction is over. */
async function isKeptMember(em: SqlEntityManager, { userId, organizationId }: Seat): Promise<boolean> {
  const rows = await em.execute<unknown[]>('select 1 from memberships where user_id = ? and organization_id = ? for key share', [
    uuidOf(userId),
    uuidOf(organizationId),
  ])
  return rows.length > 0
}

/** Of many who do the same at once, one gets true. */
async function insertSeat(em: SqlEntityManager, { teamId, userId, organizationId }: Seat, now: Date): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    'insert into team_members (team_id, user_id, organization_id, created_at) values (?, ?, ?, ?) on conflict do nothing returning 1',
    [uuidOf(teamId), uuidOf(userId), uuidOf(organizationId), now],
  )
  return rows.length > 0
}

async function deleteSeat(em: SqlEntityManager, { teamId, userId }: Seat): Promise<boolean> {
  const rows = await em.execute<unknown[]>('delete from team_members where team_id = ? and user_id = ? returning 1', [
    uuidOf(teamId),
    uuidOf(userId),
  ])
  return rows.length > 0
}
