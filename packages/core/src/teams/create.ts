import { defineCommand } from '../kernel/action.ts'
import { granted } from '../kernel/rule.ts'
import { TeamRow } from './entity.ts'
import { organizationOfTeamsTarget, reachableOrganization, refuseUnlessActive, shownTeam } from './repository.ts'
import { teamsSignatures } from './signatures.ts'

export const createTeam = defineCommand(teamsSignatures.create, {
  allow: granted,
  target: organizationOfTeamsTarget,
  async handle(context, { organizationId, name, description = null }) {
    const { em, now } = context
    refuseUnlessActive(await reachableOrganization(em, organizationId))
    const id = context.newId('team')
    const team = em.create(TeamRow, { id, organizationId, name, description, version: 1, createdAt: now, updatedAt: now, deletedAt: null })
    em.persist(team)
    await em.flush()
    context.note({ target: { type: 'team', id }, organizationId, changes: { name } })
    context.emit({ type: 'teams.created', subject: id, organizationId, payload: { teamId: id, organizationId, name } })
    return shownTeam(em, team)
  },
})
