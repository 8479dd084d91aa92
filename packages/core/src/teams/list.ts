import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery } from '../kernel/action.ts'
import { notFound } from '../kernel/errors.ts'
import { idOf, uuidOf, uuidOrNull, type Id } from '../kernel/id.ts'
import { cutPage, openCursor } from '../kernel/page.ts'
import { granted } from '../kernel/rule.ts'
import { allOf, selectMembers, type ListedMember, type OrganizationId } from '../organizations/index.ts'
import type { UserId } from '../users/index.ts'
import type { Team, TeamId } from './model.ts'
import { organizationOfTeam, organizationOfTeamsTarget, reachableOrganization, teamTarget } from './repository.ts'
import { teamsSignatures } from './signatures.ts'

export const listTeams = defineQuery(teamsSignatures.list, {
  allow: granted,
  target: organizationOfTeamsTarget,
  async handle({ open, ports }, { organizationId, userId, limit, cursor, total }) {
    const scope = { action: teamsSignatures.list.name, filters: { userId }, viewer: organizationId }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    await reachableOrganization(em, organizationId)
    const which = { organizationId, userId }
    const rows = await teamsByName(em, which, position === null ? null : String(position[0]), limit)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ key }) => [key] })
    return {
      items: shown.map(({ team }) => team),
      nextCursor,
      total: total ? await countTeams(em, which) : null,
    }
  },
})

interface TeamSelection {
  readonly organizationId: OrganizationId
  readonly userId: UserId | undefined
}

const selected = `t.organization_id = ? and t.deleted_at is null and (?::uuid is null or exists (
  select 1 from team_members s where s.team_id = t.id and s.user_id = ?::uuid))`

function parametersOf({ organizationId, userId }: TeamSelection): readonly unknown[] {
  const user = uuidOrNull(userId)
  return [uuidOf(organizationId), user, user]
}

interface TeamRecord {
  id: string
  organization: string
  name: string
  description: string | null
  count: number
  version: number
  created_at: number
  updated_at: number
  key: string
}

/** One page in the order of the names; one row more than asked tells whether there is another page. */
async function teamsByName(em: SqlEntityManager, which: TeamSelection, after: string | null, limit: number) {
  const rows = await em.execute<TeamRecord[]>(
    `select t.id::text as id, t.organization_id::text as organization, t.name, t.description, t.version, lower(t.name) as key,
        (select count(*)::int from team_members s where s.team_id = t.id) as count,
        (extract(epoch from t.created_at) * 1000)::float8 as created_at, (extract(epoch from t.updated_at) * 1000)::float8 as updated_at
      from teams t where ${selected} and (?::text is null or lower(t.name) > ?::text) order by lower(t.name) limit ?`,
    [...parametersOf(which), after, after, limit + 1],
  )
  return rows.map((row) => ({ key: row.key, team: teamOf(row) }))
}

function teamOf({ id, organization, name, description, count, version, created_at, updated_at }: TeamRecord): Team {
  const [createdAt, updatedAt] = [new Date(created_at), new Date(updated_at)]
  const ids = { id: idOf('team', id), organizationId: idOf('org', organization) }
  return { ...ids, name, description, memberCount: count, version, createdAt, updatedAt }
}

async function countTeams(em: SqlEntityManager, which: TeamSelection): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(`select count(*)::int as count from teams t where ${selected}`, [
    ...parametersOf(which),
  ])
  return row?.count ?? 0
}

export const listTeamMembers = defineQuery(teamsSignatures.listMembers, {
  allow: granted,
  target: teamTarget,
  async handle({ open, ports }, { teamId, limit, cursor }) {
    const scope = { action: teamsSignatures.listMembers.name, filters: {}, viewer: teamId }
    const position = await openCursor(ports.cipher, scope, cursor)
    const rows = await membersOfTeam(await open(), teamId, position === null ? null : (String(position[0]) as Id<'mem'>), limit)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ membershipId }) => [membershipId] })
    return { items: shown.map(({ member }) => member), nextCursor }
  },
})

/** One page, whoever joined the organization first first; one row more than asked tells whether there is another page. */
async function membersOfTeam(em: SqlEntityManager, teamId: TeamId, after: Id<'mem'> | null, limit: number): Promise<ListedMember[]> {
  const organizationId = await organizationOfTeam(em, teamId)
  if (organizationId === null) throw notFound({ type: teamTarget.type })
  const sits = { sql: 'm.user_id in (select s.user_id from team_members s where s.team_id = ?)', parameters: [uuidOf(teamId)] }
  const behind = after === null ? [] : [{ sql: 'm.id > ?', parameters: [uuidOf(after)] }]
  return selectMembers(em, organizationId, allOf(sits, ...behind), limit + 1)
}
