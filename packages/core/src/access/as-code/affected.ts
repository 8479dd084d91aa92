import type { Grant } from '../../kernel/grants.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidsOf, type Id } from '../../kernel/id.ts'
import { patternsBy } from '../roles/index.ts'
import type { RoleId } from '../model.ts'
import type { Condition, ScopeKind } from '../../grants/model.ts'
import type { Difference } from './diff.ts'

/** The subjects whose permissions a change may affect. */
export interface AffectedSubjects {
  readonly users: readonly Id<'usr'>[]
  readonly teams: readonly Id<'team'>[]
}

/** Finds every subject that has a changed role, or gains or loses an assignment, directly or through a team. */
export async function findAffected(
  em: SqlEntityManager,
  { roles, exclusions, assignments }: Difference,
  now: Date,
): Promise<AffectedSubjects> {
  const excluded = exclusions.flatMap(({ desired, current }) => [
    ...(desired?.roles ?? []).flatMap(({ id }) => id ?? []),
    ...(current?.roles ?? []),
  ])
  const changed = uuidsOf([...roles.flatMap(({ current }) => current?.id ?? []), ...excluded])
  const ids = (kind: 'user' | 'team') =>
    uuidsOf(assignments.flatMap(({ change: { subject } }) => (subject.kind === kind ? [subject.id] : [])))
  const rows = await em.execute<{ user: string | null; team: string | null }[]>(
    `with changed as (select unnest(?::uuid[]) as id union select role_id from role_closure where included_id = any(?::uuid[])),
      holder as (select a.user_id, a.team_id from role_assignments a where a.role_id in (select id from changed) and a.revoked_at is null
          and (a.valid_until is null or a.valid_until > ?)
        union select unnest(?::uuid[]), null union select null, unnest(?::uuid[]))
      select h.user_id::text as user, h.team_id::text as team from holder h
        union select s.user_id::text, null from holder h join team_members s on s.team_id = h.team_id`,
    [changed, changed, now, ids('user'), ids('team')],
  )
  return {
    users: [...new Set(rows.flatMap(({ user }) => (user === null ? [] : [idOf('usr', user)])))].sort(),
    teams: [...new Set(rows.flatMap(({ team }) => (team === null ? [] : [idOf('team', team)])))].sort(),
  }
}

/** A grant of a team, with its condition. */
export interface TeamGrant extends Grant {
  readonly condition: Condition | null
}

interface TeamRecord {
  readonly team: string
  readonly role: string | null
  readonly permission: string | null
  readonly scope: ScopeKind
  readonly organization: string | null
  readonly object: string | null
  readonly condition: string | null
}

/** The current grants of teams. */
export async function loadTeamGrants(
  em: SqlEntityManager,
  teams: readonly Id<'team'>[],
  now: Date,
): Promise<ReadonlyMap<Id<'team'>, readonly TeamGrant[]>> {
  const held = new Map<Id<'team'>, TeamGrant[]>(teams.map((id) => [id, []]))
  if (teams.length === 0) return held
  const rows = await em.execute<TeamRecord[]>(
    `select a.team_id::text as team, a.role_id::text as role, a.permission, a.scope_kind as scope, a.organization_id::text as organization,
        coalesce(a.scope_team_id, a.resource_id)::text as object, a.condition::text as condition
      from role_assignments a where a.team_id = any(?::uuid[]) and a.revoked_at is null and a.valid_from <= ? and (a.valid_until is null or a.valid_until > ?)`,
    [uuidsOf(teams), now, now],
  )
  const patterns = await patternsBy(em, [...new Set(rows.flatMap(({ role }) => (role === null ? [] : [idOf('rol', role)])))])
  for (const row of rows) held.get(idOf('team', row.team))?.push(teamGrantOf(row, patterns))
  return held
}

function teamGrantOf(
  { role, permission, scope, organization, object, condition }: TeamRecord,
  patterns: ReadonlyMap<RoleId, readonly string[]>,
): TeamGrant {
  return {
    organizationId: organization === null ? null : idOf('org', organization),
    ...(object !== null && { scopeId: idOf(scope === 'team' ? 'team' : 'res', object) }),
    permissions: role === null ? [permission ?? ''] : (patterns.get(idOf('rol', role)) ?? []),
    condition: condition === null ? null : (JSON.parse(condition) as Condition),
  }
}
