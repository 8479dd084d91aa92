import { change } from '../kernel/row.ts'
import { defineCommand } from '../kernel/action.ts'
import type { PrepareContext } from '../kernel/context.ts'
import { granted } from '../kernel/rule.ts'
import { assignmentsAround, refuseAboveTeam } from './delegation.ts'
import { usersAround, emptySeats, endAssignmentsOf } from './removal.ts'
import { changedTeam, teamTarget } from './repository.ts'
import { teamsSignatures } from './signatures.ts'

/** Its name is free again; its seats and assignments stay in the history. */
export const deleteTeam = defineCommand(teamsSignatures.delete, {
  allow: granted,
  takesPrecedence: 'inOrganization',
  target: teamTarget,
  prepare: ({ reader, now }: PrepareContext, { teamId }) => usersAround(reader, teamId, now),
  locks: (users) => users,
  async handle(context, { teamId }) {
    const { em, now } = context
    const team = await changedTeam(em, teamId)
    await refuseAboveTeam(context, await assignmentsAround(em, teamId, now))
    context.requireLocked(await usersAround(em, teamId, now, { locked: true }))
    const { organizationId, name } = team
    const members = await emptySeats(em, teamId, now)
    const assignmentsEnded = await endAssignmentsOf(context, teamId, members)
    change(team, { deletedAt: now, updatedAt: now })
    await em.flush()
    const membersLost = members.length
    context.note({ changes: { name, membersLost, assignmentsEnded } })
    context.emit({ type: 'teams.deleted', subject: teamId, organizationId, payload: { teamId, organizationId, name, membersLost } })
    return { teamId, membersLost }
  },
})
