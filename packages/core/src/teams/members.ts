import type { SqlEntityManager } from '@mikro-orm/sql'
import { enforceAssignmentLimit } from '../access/index.ts'
import { defineCommand } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { uuidOf } from '../kernel/id.ts'
import { anyOf, granted, owner } from '../kernel/rule.ts'
import { isMember, type OrganizationId } from '../organizations/index.ts'
import type { UserId } from '../users/index.ts'
import type { TeamId } from './model.ts'
import { leaveSeat } from './removal.ts'
import { assignmentsOfTeam, refuseAboveTeam, refuseDelegation } from './delegation.ts'
import { lockTeam, organizationOfTeam, seatTarget, teamTarget } from './repository.ts'
import { teamsSignatures } from './signatures.ts'

interface Seat {
  readonly teamId: TeamId
  readonly userId: UserId
  readonly organizationId: OrganizationId
}

/**
 * Users of other organizations do not exist here. With the seat a user gets
 * everything that the team has: the caller must have that too, and it must not violate separation of duty.
 */
export const addTeamMember = defineCommand(teamsSignatures.addMember, {
  allow: granted,
  target: teamTarget,
  // The user's row is locked first, because separation of duty depends on their roles: only a member's, so nobody holds up others.
  async prepare({ reader }: PrepareContext, { teamId, userId }) {
    const organizationId = await organizationOfTeam(reader, teamId)
    return organizationId !== null && (await isMember(reader, { userId, organizationId })) ? [userId] : []
  },
  locks: (users) => users,
  async handle(context, { teamId, userId }, locked) {
    const { em, now } = context
    const seat = { teamId, userId, organizationId: await lockTeam(em, teamId, 'share') }
    if (!locked.includes(userId) || !(await isMember(em, seat, { locked: true }))) throw notFound({ type: 'member' })
    if (await hasSeat(em, seat)) return { teamId, userId, added: false }
    const held = await assignmentsOfTeam(em, teamId, now)
    await refuseDelegation(context, userId, held)
    const added = await insertSeat(em, seat, now)
    if (!added) return { teamId, userId, added }
    const organizations = new Set(held.map(({ organizationId }) => organizationId))
    for (const organizationId of organizations) await enforceAssignmentLimit(em, [userId], organizationId, now)
    if (held.length > 0) context.invalidate(userId, { when: 'soon' })
    recordSeatChange(context, 'teams.memberAdded', seat)
    return { teamId, userId, added }
  },
})

/** Anybody may leave. Removing somebody else takes away what the team has: the caller must have that too. */
export const removeTeamMember = defineCommand(teamsSignatures.removeMember, {
  allow: anyOf(granted, owner),
  takesPrecedence: 'inOrganization',
  target: seatTarget,
  async handle(context, { teamId, userId }) {
    const { em, now } = context
    const seat = { teamId, userId, organizationId: await lockTeam(em, teamId, 'share') }
    const held = await assignmentsOfTeam(em, teamId, now)
    if (userId !== callerId(context.actor)) await refuseAboveTeam(context, held)
    if (!(await leaveSeat(em, seat, now))) throw notFound({ type: seatTarget.type })
    if (held.length > 0) context.invalidate(userId, { when: 'now' })
    recordSeatChange(context, 'teams.memberRemoved', seat)
    return { teamId, userId }
  },
})

function recordSeatChange(context: CommandContext, type: string, { teamId, userId, organizationId }: Seat): void {
  context.note({ changes: { userId } })
  context.emit({ type, subject: teamId, organizationId, payload: { teamId, organizationId, userId } })
}

/** Of concurrent calls only one gets true. */
async function insertSeat(em: SqlEntityManager, { teamId, userId, organizationId }: Seat, now: Date): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    'insert into team_members (team_id, user_id, organization_id, created_at) values (?, ?, ?, ?) on conflict do nothing returning 1',
    [uuidOf(teamId), uuidOf(userId), uuidOf(organizationId), now],
  )
  return rows.length > 0
}

async function hasSeat(em: SqlEntityManager, { teamId, userId }: Seat): Promise<boolean> {
  const rows = await em.execute<unknown[]>('select 1 from team_members where team_id = ? and user_id = ?', [uuidOf(teamId), uuidOf(userId)])
  return rows.length > 0
}
