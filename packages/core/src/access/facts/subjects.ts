import type { SqlEntityManager } from '@mikro-orm/sql'
import {
  assignmentsOf,
  countingIn,
  customRolesIn,
  defaultActiveRoles,
  parseAssignments,
  resolveAssignments,
  type ActiveRoles,
  type LoadedAssignment,
  type ResolvedAssignment,
  forEachMoment,
  membershipsOf,
  seatsOf,
  type Moment,
} from '../../grants/index.ts'
import type { RoleDefinition, RoleDefinitions, Scope, SubjectKey } from '../../kernel/decisions.ts'
import { idOf, idOrNull, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { idArray, runStatement, statement } from '../../kernel/statement.ts'
import type { MembershipRole } from '../../organizations/model.ts'
import { validImpersonations, type ImpersonationValidity } from '../../principals/index.ts'
import { isActing, type UserStatus } from '../../users/index.ts'

/** The facts that decisions about a subject are made from. */
export interface SubjectFacts extends SubjectKey {
  readonly username: string
  /** null: the user did not exist yet. */
  readonly status: UserStatus | null
  readonly frozen: boolean
  /** The account is active or temporary, and its grants are not frozen. Otherwise it has no permissions. */
  readonly isActive: boolean
  /** In active organizations. */
  readonly memberships: readonly { readonly organizationId: Id<'org'>; readonly role: MembershipRole }[]
  /**
   * Assignments of the user and the user's teams in all scopes, also future ones. Without those in organizations where the user is not a
   * member.
   */
  readonly assignments: readonly ResolvedAssignment[]
  /** Whatever the user's status is, and that of the organizations. */
  readonly unfiltered: UnfilteredFacts
  /** null: without a session. */
  readonly assurance: 'aal1' | 'aal2' | null
  readonly activeRoles: ActiveRoles
  /** The organization that the session is limited to; null: none. */
  readonly onlyIn: Id<'org'> | null
  /** Who acts through the session, and from which; null: its user. */
  readonly impersonator: Impersonator | null
  /** When the facts change by themselves: the session expires, or an assignment begins or ends. */
  readonly validUntil: Date
}

/** Ids are UUIDs. */
interface UnfilteredFacts {
  readonly memberships: readonly Membership[]
  readonly assignments: readonly LoadedAssignment[]
  /** The user's teams; only read of the past. */
  readonly seats: readonly { readonly team: string; readonly organization: string }[]
}

interface Membership {
  readonly id: string
  readonly role: MembershipRole
  /** The status of the organization. */
  readonly active: boolean
}

interface Impersonator {
  readonly userId: Id<'usr'>
  readonly sessionId: Id<'ses'>
  /** The ids whose change may end the impersonation. */
  readonly dependencies: readonly string[]
  /** Whether they hold at an address (null: none is known) what it stands on; null, or nothing: at any. */
  readonly mayActFrom?: ImpersonationValidity['from']
}

interface SubjectRecord {
  readonly user: string
  readonly username: string
  readonly status: string | null
  readonly session: string | null
  readonly assurance: 'aal1' | 'aal2' | null
  readonly activated: string | null
  readonly dropped: string | null
  readonly expires_at: number | null
  readonly impersonator: string | null
  readonly impersonator_session: string | null
  readonly only_organization: string | null
  readonly memberships: string | null
  readonly assignments: string | null
  readonly seats?: string | null
}

const statusNow = `u.status || case when u.grants_frozen_at is null then '' else ' frozen' end`

const subjectsStatement = forEachMoment((rows) =>
  statement(
    `subjects${rows.past('_then')}`,
    `select u.id::text as user, u.username, case when ${rows.begun('u.created_at')} then ${rows.value('userStatus', 'u.id', statusNow)} end as status,
      s.id::text as session, s.assurance, array_to_json(s.activated_roles)::text as activated, array_to_json(s.dropped_roles)::text as dropped,
      (extract(epoch from least(s.expires_at, p.expires_at)) * 1000)::float8 as expires_at, i.id::text as impersonator,
      p.id::text as impersonator_session, s.only_organization_id::text as only_organization, m.memberships::text as memberships, r.assignments::text as assignments
      ${rows.past(`, (select json_agg(json_build_object('team', t.id, 'organization', t.organization_id) order by t.id)
        from (${seatsOf('u.id', rows)}) x join teams t on t.id = x.team_id)::text as seats`)}
    from (select ?::timestamptz as at) moment cross join unnest(${idArray}, ${idArray}) with ordinality k (user_id, session_id, position)
      join users u on u.id = k.user_id
      left join sessions s on s.id = k.session_id and s.user_id = u.id and s.ended_at is null and s.expires_at > moment.at
      left join users i on i.id = s.impersonator_id
      left join sessions p on p.id = s.impersonator_session_id
      left join lateral (
        select json_agg(json_build_object('id', m.organization, 'role', m.role, 'active', m.active) order by m.organization) as memberships
          from (${membershipsOf('u.id', rows)}) m) m on true
      left join lateral ${assignmentsOf('u.id', 'true', { at: 'moment.at', withDefinitions: false, rows })} r on true
    where k.session_id is null or s.id is not null
      and (s.impersonator_id is null or i.status in ('active', 'temporary') and p.ended_at is null and p.expires_at > moment.at)
    order by k.position`,
  ),
)

/** The moment that facts are read at, and where. */
export interface Reading {
  readonly em: SqlEntityManager
  readonly at: Moment
  /** What is over by then is left out. */
  readonly time: Date
  readonly definitions: RoleDefinitions
}

/**
 * Loads subjects in the given order. Missing users, and sessions that are not theirs or have ended, are left out. One statement for any
 * number, and one for their custom roles.
 */
export async function loadSubjects({ em, at, time, definitions }: Reading, keys: readonly SubjectKey[]): Promise<readonly SubjectFacts[]> {
  const sessions = `{${keys.map(({ sessionId }) => (sessionId === null ? 'null' : uuidOf(sessionId))).join(',')}}`
  const records = await runStatement<SubjectRecord>(em, subjectsStatement(at), [time, uuidsOf(keys.map(({ userId }) => userId)), sessions])
  const read = records.map((record) => parseSubject(record))
  const roles = await definitions.of(em, customRolesIn(read.flatMap(({ assignments }) => assignments)))
  return read.map((subject) => factsOf(subject, roles, time))
}

/** Without the sessions of impersonations that may not go on. */
export async function withoutEndedImpersonations(
  { em, time }: Pick<Reading, 'em' | 'time'>,
  catalogue: Catalogue,
  loaded: readonly SubjectFacts[],
): Promise<readonly SubjectFacts[]> {
  const sessions = loaded.flatMap(({ impersonator, sessionId }) => (impersonator === null || sessionId === null ? [] : [sessionId]))
  if (sessions.length === 0) return loaded
  const valid = await validImpersonations(em, catalogue, sessions, time)
  return loaded.flatMap((facts) => {
    const { impersonator, sessionId, validUntil } = facts
    if (impersonator === null || sessionId === null) return [facts]
    const found = valid.get(sessionId)
    if (found === undefined) return []
    const first = found.edges.reduce((least, edge) => Math.min(least, edge), validUntil.getTime())
    return [
      {
        ...facts,
        impersonator: { ...impersonator, dependencies: found.dependencies, mayActFrom: found.from },
        validUntil: new Date(first),
      },
    ]
  })
}

interface ParsedSubject extends Pick<SubjectFacts, 'status' | 'frozen' | 'isActive' | 'unfiltered'> {
  readonly record: SubjectRecord
  readonly memberships: readonly Membership[]
  readonly assignments: readonly LoadedAssignment[]
}

function parseSubject(record: SubjectRecord): ParsedSubject {
  const [status = null, frozen] = (record.status?.split(' ') ?? []) as [UserStatus?, string?]
  const isActive = status !== null && isActing(status) && frozen === undefined
  const unfiltered = {
    memberships: parsed<Membership>(record.memberships),
    assignments: parseAssignments(record.assignments),
    seats: parsed<UnfilteredFacts['seats'][number]>(record.seats ?? null),
  }
  const memberships = isActive ? unfiltered.memberships.filter(({ active }) => active) : none
  const counting = countingIn(record.only_organization, memberships, isActive ? unfiltered.assignments : none)
  return { record, status, frozen: frozen !== undefined, isActive, unfiltered, ...counting }
}

function factsOf(
  { record, memberships, assignments: loaded, ...known }: ParsedSubject,
  definitions: ReadonlyMap<string, RoleDefinition>,
  time: Date,
): SubjectFacts {
  const { session, username, assurance, expires_at: expiresAt, impersonator, impersonator_session: from, only_organization: only } = record
  const assignments = resolveAssignments(loaded, definitions)
  const edges = assignments.map(({ from, until }) => (from > time.getTime() ? from : (until ?? endOfTime)))
  return {
    userId: idOf('usr', record.user),
    sessionId: idOrNull('ses', session),
    username,
    ...known,
    memberships: memberships.map(({ id, role }) => ({ organizationId: idOf('org', id), role })),
    assignments,
    assurance,
    activeRoles:
      session === null ? defaultActiveRoles : { activated: parsed<string>(record.activated), deactivated: parsed<string>(record.dropped) },
    onlyIn: idOrNull('org', only),
    impersonator:
      impersonator === null || from === null ? null : { userId: idOf('usr', impersonator), sessionId: idOf('ses', from), dependencies: [] },
    validUntil: new Date(edges.reduce((least, edge) => Math.min(least, edge), expiresAt ?? endOfTime)),
  }
}

function parsed<Item>(json: string | null): readonly Item[] {
  return json === null || json === '[]' ? none : (JSON.parse(json) as Item[])
}

const none: readonly never[] = []
/** The latest time that a Date can hold. */
const endOfTime = 8.64e15

/**
 * Whether a user belonged to a scope, whatever their status: was a member of its organization or, outside of organizations, owned it or
 * had an assignment on it.
 */
export function belongedTo({ userId, unfiltered }: SubjectFacts, { organizationId, owners, path }: Scope): boolean {
  if (organizationId !== null) return unfiltered.memberships.some(({ id }) => id === uuidOf(organizationId))
  const resources = new Set(path.map(uuidOf))
  return owners.includes(userId) || unfiltered.assignments.some(({ scope, object }) => scope === 'resource' && resources.has(object ?? ''))
}

/** The resources that a user has an assignment on. */
export function resourcesOf({ assignments }: Pick<SubjectFacts, 'assignments'>): ReadonlySet<Id<'res'>> {
  return new Set(assignments.flatMap(({ scope, object }) => (scope === 'resource' && object !== null ? [idOf('res', object)] : [])))
}

/** The same subject as if every condition were met. */
export function withoutConditions(facts: SubjectFacts): SubjectFacts {
  return { ...facts, assignments: facts.assignments.map((assignment) => ({ ...assignment, condition: null })) }
}
