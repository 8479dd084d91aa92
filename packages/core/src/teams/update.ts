import { equals } from '@mikro-orm/core'
import { defineCommand } from '../kernel/action.ts'
import { granted } from '../kernel/rule.ts'
import { expectVersion } from '../kernel/version.ts'
import { assignmentsOfTeam, refuseAboveTeam } from './delegation.ts'
import type { TeamRow } from './entity.ts'
import { changedTeam, shownTeam, teamTarget } from './repository.ts'
import { teamsSignatures } from './signatures.ts'

export const updateTeam = defineCommand(teamsSignatures.update, {
  allow: granted,
  target: teamTarget,
  async handle(context, { teamId, version, ...patch }) {
    const { em, now } = context
    const team = await changedTeam(em, teamId)
    expectVersion(team, version)
    const changed = Object.entries(patch).filter(([field, value]) => value !== undefined && !equals(value, team[field as keyof TeamRow]))
    if (changed.length === 0) return shownTeam(em, team)
    await refuseAboveTeam(context, await assignmentsOfTeam(em, teamId, now))
    const { organizationId } = team
    const fields = changed.map(([field]) => field)
    Object.assign(team, Object.fromEntries(changed), { updatedAt: now })
    await em.flush()
    context.note({ changes: Object.fromEntries(changed) })
    context.emit({ type: 'teams.updated', subject: teamId, organizationId, payload: { teamId, organizationId, fields } })
    return shownTeam(em, team)
  },
})
