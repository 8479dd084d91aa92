import type { SqlEntityManager } from '@mikro-orm/sql'
import { permissionsOfRole, findResources, enforceSeparationOfDuty, requireHeld, type Scope } from '../access/index.ts'
import type { RoleId } from '../access/model.ts'
import type { ScopeKind } from '../grants/model.ts'
import type { CommandContext } from '../kernel/context.ts'
import { idOrNull, uuidOf, type Id } from '../kernel/id.ts'
import type { UserId } from '../users/index.ts'
import type { TeamId } from './model.ts'

/** Something that a team has, now or later. */
export interface TeamAssignment {
  readonly roleId: RoleId | null
  readonly permission: string | null
  readonly scope: ScopeKind
  /** null: it is on what a user owns outside every organization. */
  readonly organizationId: Id<'org'> | null
  readonly teamId: TeamId | null
  readonly resourceId: Id<'res'> | null
}

interface AssignmentRecord {
  readonly role: string | null
  readonly permission: string | null
  readonly scope: ScopeKind
  readonly organization: string | null
  readonly team: string | null
  readonly resource: string | null
}

/** The current and future assignments of a team. */
export function assignmentsOfTeam(em: SqlEntityManager, teamId: TeamId, now: Date): Promise<readonly TeamAssignment[]> {
  return currentAssignments(em, 'team_id = ?', [uuidOf(teamId)], now)
}

/** As above, with assignments on the team: everything that ends with the team. */
export function assignmentsAround(em: SqlEntityManager, teamId: TeamId, now: Date): Promise<readonly TeamAssignment[]> {
  return currentAssignments(em, '(team_id = ? or scope_team_id = ?)', [uuidOf(teamId), uuidOf(teamId)], now)
}

async function currentAssignments(
  em: SqlEntityManager,
  which: string,
  parameters: readonly string[],
  now: Date,
): Promise<readonly TeamAssignment[]> {
  const rows = await em.execute<AssignmentRecord[]>(
    `select role_id::text as role, permission, scope_kind as scope, organization_id::text as organization, scope_team_id::text as team,
        resource_id::text as resource
      from role_assignments where ${which} and revoked_at is null and (valid_until is null or valid_until > ?)`,
    [...parameters, now],
  )
  return rows.map(({ role, permission, scope, organization, team, resource }) => ({
    roleId: idOrNull('rol', role),
    permission,
    scope,
    organizationId: idOrNull('org', organization),
    teamId: idOrNull('team', team),
    resourceId: idOrNull('res', resource),
  }))
}

/**
 * Refuses whoever does not hold all that a team has, there: nobody hands it on with a seat, takes it away with one, or
 * changes or deletes a team above themselves, as with roles. What somebody shares with a team that is in no organization
 * is for whoever sits in the team, whoever says who that is: otherwise they could keep a team from ever changing.
 */
export async function refuseAboveTeam(context: CommandContext, held: readonly TeamAssignment[]): Promise<void> {
  const { em } = context
  const places = await scopesOf(em, held)
  const patterns = new Map<RoleId, readonly string[]>()
  for (const [index, { roleId, permission, organizationId }] of held.entries()) {
    const place = places[index]
    if (organizationId === null || place === undefined || place === null) continue
    const given = roleId === null ? [] : (patterns.get(roleId) ?? (await permissionsOfRole(em, roleId))?.patterns ?? [])
    if (roleId !== null) patterns.set(roleId, given)
    await requireHeld(context, permission === null ? given : [permission], place)
  }
}

/** Refuses a seat that would give more than the caller has, or violate separation of duty. */
export async function refuseDelegation(context: CommandContext, userId: UserId, held: readonly TeamAssignment[]): Promise<void> {
  await refuseAboveTeam(context, held)
  for (const { organizationId, scopeKind, roleIds } of rolesByScope(held))
    await enforceSeparationOfDuty(context.em, { userIds: [userId], roleIds, organizationId, scopeKind }, context.now)
}

/** null: the resource does not exist any more. */
async function scopesOf(em: SqlEntityManager, held: readonly TeamAssignment[]): Promise<readonly (Scope | null)[]> {
  const resources = await findResources(
    em,
    held.flatMap(({ resourceId }) => resourceId ?? []),
  )
  return held.map(({ scope: kind, organizationId, teamId, resourceId }) => {
    if (resourceId !== null) return resources.get(resourceId) ?? null
    return { kind, organizationId, path: teamId === null ? [] : [teamId], owners: [] }
  })
}

interface RolesInPlace {
  readonly organizationId: Id<'org'> | null
  readonly scopeKind: ScopeKind
  readonly roleIds: RoleId[]
}

function rolesByScope(held: readonly TeamAssignment[]): Iterable<RolesInPlace> {
  const places = new Map<string, RolesInPlace>()
  for (const { roleId, organizationId, scope: scopeKind } of held) {
    if (roleId === null) continue
    const key = `${organizationId ?? ''} ${scopeKind}`
    const place = places.get(key) ?? { organizationId, scopeKind, roleIds: [] }
    places.set(key, place)
    place.roleIds.push(roleId)
  }
  return places.values()
}
