import { equals } from '@mikro-orm/core'
import { defineCommand } from '../kernel/action.ts'
import { granted } from '../kernel/rule.ts'
import { expectVersion } from '../kernel/version.ts'
import { TeamRow } from './entity.ts'
import { changedTeam, organizationOfTeamsTarget, reachableOrganization, refuseUnlessActive, shownTeam, teamTarget } from './repository.ts'
import { emptySeats, endAssignmentsOf } from './ending.ts'
import { assignmentsAround, assignmentsOfTeam, refuseAboveTeam } from './handing-on.ts'
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

/** Its name is free again; that it was there, who sat in it and what it had stays in the history. */
export const deleteTeam = defineCommand(teamsSignatures.delete, {
  allow: granted,
  target: teamTarget,
  async handle(context, { teamId }) {
    const { em, now } = context
    const team = await changedTeam(em, teamId)
    await refuseAboveTeam(context, await assignmentsAround(em, teamId, now))
    const { organizationId, name } = team
    const members = await emptySeats(em, teamId, now)
    const assignmentsEnded = await endAssignmentsOf(context, teamId, members)
    Object.assign(team, { deletedAt: now, updatedAt: now })
    await em.flush()
    const membersLost = members.length
    context.note({ changes: { name, membersLost, assignmentsEnded } })
    context.emit({ type: 'teams.deleted', subject: teamId, organizationId, payload: { teamId, organizationId, name, membersLost } })
    return { teamId, membersLost }
  },
})
