import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../kernel/action.ts'
import { notFound } from '../kernel/errors.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import type { Target } from '../kernel/rule.ts'
import { OrganizationRow, organizationInactive, organizationTarget, type OrganizationId } from '../organizations/index.ts'
import type { UserId } from '../users/index.ts'
import { TeamRow } from './entity.ts'
import type { Team, TeamId } from './model.ts'

/** The organization whose teams are meant. Teams of an archived one exist for nobody. */
export const organizationOfTeamsTarget = {
  type: 'organization',
  async find(em: SqlEntityManager, { organizationId }: { organizationId: OrganizationId }): Promise<Target | null> {
    const organization = await findReachable(em, organizationId)
    return organization === null ? null : organizationTarget.find(em, { organizationId })
  },
} satisfies TargetFinder<{ organizationId: OrganizationId }>

function findReachable(em: SqlEntityManager, organizationId: OrganizationId): Promise<OrganizationRow | null> {
  return em.findOne(OrganizationRow, { id: organizationId, status: { $ne: 'archived' } })
}

/** Finds an organization that is not archived; superadmins reach the handler even if it does not exist. */
export async function reachableOrganization(em: SqlEntityManager, organizationId: OrganizationId): Promise<OrganizationRow> {
  const organization = await findReachable(em, organizationId)
  if (organization === null) throw notFound({ type: 'organization' })
  return organization
}

/** The organization of a team; null: no such team, or its organization is archived. */
export async function organizationOfTeam(em: SqlEntityManager, teamId: TeamId): Promise<OrganizationId | null> {
  const [row] = await em.execute<{ organization: string }[]>(
    `select o.id::text as organization from teams t join organizations o on o.id = t.organization_id and o.status <> 'archived'
      where t.id = ? and t.deleted_at is null`,
    [uuidOf(teamId)],
  )
  return row === undefined ? null : idOf('org', row.organization)
}

/** The team that an action is about. */
export const teamTarget = {
  type: 'team',
  async find(em: SqlEntityManager, { teamId }: { teamId: TeamId }): Promise<Target | null> {
    const organizationId = await organizationOfTeam(em, teamId)
    return organizationId === null ? null : targetOf(teamId, organizationId, null)
  },
} satisfies TargetFinder<{ teamId: TeamId }>

/** A seat in a team: it belongs to its user, so that anybody may leave. */
export const seatTarget = {
  type: 'team member',
  // What they do as a member is over when they are none.
  locks: ({ userId }: { userId: UserId }) => [userId],
  async find(em: SqlEntityManager, { teamId, userId }: { teamId: TeamId; userId: UserId }): Promise<Target | null> {
    const [row] = await em.execute<{ organization: string }[]>(
      `select o.id::text as organization from team_members s join organizations o on o.id = s.organization_id and o.status <> 'archived'
        where s.team_id = ? and s.user_id = ?`,
      [uuidOf(teamId), uuidOf(userId)],
    )
    return row === undefined ? null : targetOf(teamId, idOf('org', row.organization), userId)
  },
} satisfies TargetFinder<{ teamId: TeamId; userId: UserId }>

function targetOf(teamId: TeamId, organizationId: OrganizationId, userId: UserId | null): Target {
  return { type: 'team', id: teamId, organizationId, userId, visibleWith: 'teams.listMembers' }
}

/** Locks a team to change it. */
export async function changedTeam(em: SqlEntityManager, teamId: TeamId): Promise<TeamRow> {
  await lockTeam(em, teamId, 'update')
  return em.findOneOrFail(TeamRow, { id: teamId })
}

/**
 * Locks a team against being changed by others (`update`), or against being deleted and given anything (`share`), and
 * gives its organization. Only those who administer the installation get this far in one that is not active.
 */
export async function lockTeam(em: SqlEntityManager, teamId: TeamId, lock: 'update' | 'share'): Promise<OrganizationId> {
  const [row] = await em.execute<{ organization: string }[]>(
    `select t.organization_id::text as organization from teams t where t.id = ? and t.deleted_at is null for ${lock}`,
    [uuidOf(teamId)],
  )
  const organization = row === undefined ? null : await findReachable(em, idOf('org', row.organization))
  if (organization === null) throw notFound({ type: 'team' })
  refuseUnlessActive(organization)
  return organization.id
}

/** Refuses changes in an organization that is not active. */
export function refuseUnlessActive({ status }: OrganizationRow): void {
  if (status !== 'active') throw organizationInactive({ status })
}

async function countSeats(em: SqlEntityManager, teamId: TeamId): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>('select count(*)::int as count from team_members where team_id = ?', [uuidOf(teamId)])
  return row?.count ?? 0
}

/** A team as it is shown. */
export async function shownTeam(em: SqlEntityManager, team: TeamRow): Promise<Team> {
  const { id, organizationId, name, description, version, createdAt, updatedAt } = team
  return { id, organizationId, name, description, memberCount: await countSeats(em, id), version, createdAt, updatedAt }
}
