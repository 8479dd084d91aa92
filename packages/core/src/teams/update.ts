import { change, changedFields } from '../kernel/row.ts'
import { defineCommand } from '../kernel/action.ts'
import { granted } from '../kernel/rule.ts'
import { expectVersion } from '../kernel/version.ts'
import { assignmentsOfTeam, refuseAboveTeam } from './delegation.ts'
import { changedTeam, shownTeam, teamTarget } from './repository.ts'
import { teamsSignatures } from './signatures.ts'

export const updateTeam = defineCommand(teamsSignatures.update, {
  allow: granted,
  target: teamTarget,
  async handle(context, { teamId, version, ...patch }) {
    const { em, now } = context
    const team = await changedTeam(em, teamId)
    expectVersion(team, version)
    const changed = changedFields(team, patch)
    const fields = Object.keys(changed)
    if (fields.length === 0) return shownTeam(em, team)
    await refuseAboveTeam(context, await assignmentsOfTeam(em, teamId, now))
    const { organizationId } = team
    change(team, { ...changed, updatedAt: now })
    await em.flush()
    context.note({ changes: changed })
    context.emit({ type: 'teams.updated', subject: teamId, organizationId, payload: { teamId, organizationId, fields } })
    return shownTeam(em, team)
  },
})
