import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, idOrNull, uuidOf, uuidOrNull, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Assignment, AssignmentId, RoleId, SubjectKind } from '../model.ts'
import type { Condition, ScopeKind } from '../../grants/model.ts'
import { stateOf } from './rules.ts'

/** SQL columns of assignments `a`. Times are milliseconds since the epoch, so that all drivers read them alike. */
export const shownColumns = `a.id::text as id, a.subject_kind, coalesce(a.user_id, a.team_id)::text as subject, coalesce(u.username, t.name) as subject_name,
    a.role_id::text as role, r.name as role_name, a.permission, a.scope_kind, a.organization_id::text as organization, a.scope_team_id::text as team,
    a.resource_id::text as resource, a.condition::text as condition, ${['valid_from', 'valid_until', 'granted_at', 'revoked_at']
      .map((column) => `(extract(epoch from a.${column}) * 1000)::float8 as ${column}`)
      .join(', ')}, a.granted_by::text as granted_by, a.revoked_by::text as revoked_by`

/** SQL of the joined tables. */
export const shownTables = `role_assignments a left join users u on u.id = a.user_id left join teams t on t.id = a.team_id left join roles r on r.id = a.role_id`

export interface AssignmentRecord {
  readonly id: string
  readonly subject_kind: SubjectKind
  readonly subject: string
  readonly subject_name: string
  readonly role: string | null
  readonly role_name: string | null
  readonly permission: string | null
  readonly scope_kind: ScopeKind
  readonly organization: string | null
  readonly team: string | null
  readonly resource: string | null
  readonly condition: string | null
  readonly valid_from: number
  readonly valid_until: number | null
  readonly granted_at: number
  readonly revoked_at: number | null
  readonly granted_by: string | null
  readonly revoked_by: string | null
}

/** An assignment as output. */
export function shownAssignment(record: AssignmentRecord, now: Date): Assignment {
  const { role, subject, subject_kind: kind, subject_name: name } = record
  const window = { validFrom: new Date(record.valid_from), validUntil: dateOf(record.valid_until), revokedAt: dateOf(record.revoked_at) }
  return {
    id: idOf('asg', record.id),
    subject: { kind, id: kind === 'user' ? idOf('usr', subject) : idOf('team', subject), name },
    role: role === null ? null : { id: idOf('rol', role), name: record.role_name ?? '' },
    permission: record.permission,
    scope: {
      kind: record.scope_kind,
      organizationId: idOrNull('org', record.organization),
      teamId: idOrNull('team', record.team),
      resourceId: idOrNull('res', record.resource),
    },
    ...window,
    condition: record.condition === null ? null : (JSON.parse(record.condition) as Condition),
    state: stateOf(window, now),
    grantedBy: idOrNull('usr', record.granted_by),
    grantedAt: new Date(record.granted_at),
    revokedBy: idOrNull('usr', record.revoked_by),
  }
}

function dateOf(milliseconds: number | null): Date | null {
  return milliseconds === null ? null : new Date(milliseconds)
}

/** Finds an assignment in whatever state; null: it never existed. */
export async function findAssignment(em: SqlEntityManager, id: AssignmentId, now: Date): Promise<Assignment | null> {
  const [record] = await em.execute<AssignmentRecord[]>(`select ${shownColumns} from ${shownTables} where a.id = ?`, [uuidOf(id)])
  return record === undefined ? null : shownAssignment(record, now)
}

/** Assignments by their ids, in no particular order. */
export async function existingAssignments(em: SqlEntityManager, ids: readonly AssignmentId[], now: Date): Promise<readonly Assignment[]> {
  const records = await em.execute<AssignmentRecord[]>(`select ${shownColumns} from ${shownTables} where a.id = any(?::uuid[])`, [
    uuidsOf(ids),
  ])
  return records.map((record) => shownAssignment(record, now))
}

/** A user or a team. */
export type SubjectInput = { readonly userId: Id<'usr'> } | { readonly teamId: Id<'team'> }
/** A role, or a single permission. */
export type RoleOrPermission = { readonly roleId: RoleId } | { readonly permission: string }

/** The scope columns of an assignment. */
export interface ScopeColumns {
  readonly kind: ScopeKind
  readonly organizationId: Id<'org'> | null
  readonly teamId: Id<'team'> | null
  readonly resourceId: Id<'res'> | null
}

/** The identity of an assignment. */
interface AssignmentKey {
  readonly subject: SubjectInput
  readonly what: RoleOrPermission
  readonly scope: ScopeColumns
}

/** The unrevoked assignment with this identity, whether current, expired or in the future; null: there is none. */
export async function findCurrent(
  em: SqlEntityManager,
  subject: SubjectInput,
  what: RoleOrPermission,
  scope: ScopeColumns,
  now: Date,
): Promise<Assignment | null> {
  const [found = null] = await findAllCurrent(em, [{ subject, what, scope }], now)
  return found
}

const zeros = '00000000-0000-0000-0000-000000000000'

/** Several at once, in the given order. The conditions match the unique index, so that it is used. */
export async function findAllCurrent(
  em: SqlEntityManager,
  sought: readonly AssignmentKey[],
  now: Date,
): Promise<readonly (Assignment | null)[]> {
  if (sought.length === 0) return []
  const uuids = (idOfOne: (one: AssignmentKey) => string | null) => `{${sought.map((one) => uuidOrZeros(idOfOne(one))).join(',')}}`
  const texts = (textOf: (one: AssignmentKey) => string) => `{${sought.map((one) => `"${textOf(one)}"`).join(',')}}`
  const records = await em.execute<(AssignmentRecord & { readonly position: number })[]>(
    `select k.position::int as position, x.* from unnest(?::uuid[], ?::text[], ?::uuid[], ?::uuid[], ?::text[])
        with ordinality k (subject, kind, object, role, permission, position)
      cross join lateral (select ${shownColumns} from ${shownTables} where a.revoked_at is null and coalesce(a.user_id, a.team_id) = k.subject
        and a.scope_kind = k.kind and coalesce(a.resource_id, a.scope_team_id, a.organization_id, '${zeros}') = k.object
        and coalesce(a.role_id, '${zeros}') = k.role and coalesce(a.permission, '') = k.permission) x`,
    [
      uuids(({ subject }) => ('userId' in subject ? subject.userId : subject.teamId)),
      texts(({ scope }) => scope.kind),
      uuids(({ scope }) => scope.resourceId ?? scope.teamId ?? scope.organizationId),
      uuids(({ what }) => ('roleId' in what ? what.roleId : null)),
      texts(({ what }) => ('permission' in what ? what.permission : '')),
    ],
  )
  const found = new Map(records.map((record) => [record.position, shownAssignment(record, now)]))
  return sought.map((_, index) => found.get(index + 1) ?? null)
}

function uuidOrZeros(id: string | null): string {
  return id === null ? zeros : uuidOf(id)
}

/** Ends assignments and returns how many. Of concurrent callers only one ends each. */
export async function endAssignments(em: SqlEntityManager, ids: readonly AssignmentId[], by: Id<'usr'> | null, at: Date): Promise<number> {
  if (ids.length === 0) return 0
  const rows = await em.execute<unknown[]>(
    'update role_assignments set revoked_at = ?, revoked_by = ? where id = any(?::uuid[]) and revoked_at is null returning 1',
    [at, uuidOrNull(by), uuidsOf(ids)],
  )
  return rows.length
}

/** The organization of a team, archived or not; null: there is no such team. */
export async function homeOfTeam(em: SqlEntityManager, teamId: Id<'team'>, lock: '' | 'for no key update' = ''): Promise<Id<'org'> | null> {
  const [row] = await em.execute<{ organization: string }[]>(
    `select organization_id::text as organization from teams where id = ? and deleted_at is null ${lock}`,
    [uuidOf(teamId)],
  )
  return row === undefined ? null : idOf('org', row.organization)
}

/** The members of a team. */
export async function usersInTeam(em: SqlEntityManager, teamId: Id<'team'>): Promise<readonly Id<'usr'>[]> {
  const rows = await em.execute<{ id: string }[]>('select user_id::text as id from team_members where team_id = ? order by user_id', [
    uuidOf(teamId),
  ])
  return rows.map(({ id }) => idOf('usr', id))
}
