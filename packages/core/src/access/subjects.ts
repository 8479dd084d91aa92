import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Origin } from '../kernel/origin.ts'
import type { RoleDefinition, RoleDefinitions, SubjectKey } from '../kernel/decisions.ts'
import type { Grant, Grants } from '../kernel/grants.ts'
import { idOf, uuidOf, uuidsOf, type Id } from '../kernel/id.ts'
import type { Catalogue } from '../kernel/signature.ts'
import { idArray, runStatement, statement } from '../kernel/statement.ts'
import type { MembershipRole } from '../organizations/model.ts'
import { standingImpersonations, type Standing } from '../principals/index.ts'
import { isActing, type UserStatus } from '../users/index.ts'
import {
  organizationRoles,
  ownerPermissions,
  storedDefinitions,
  assignmentsOf,
  effectiveAssignments,
  appliesFrom,
  customRolesIn,
  parseAssignments,
  resolveAssignments,
  grantOf,
  defaultActiveRoles,
  countingIn,
  type ActiveRoles,
  type LoadedAssignment,
  type ResolvedAssignment,
  intersection,
  union,
  listPermissions,
  permissionsOf,
  grantsOf,
} from '../grants/index.ts'
import type { Scope } from './scopes.ts'

export type { SubjectKey } from '../kernel/decisions.ts'

/** The facts that decisions about a subject are made from. */
export interface SubjectFacts extends SubjectKey {
  /** The account is active or temporary, and its grants are not frozen. Otherwise it has no permissions. */
  readonly isActive: boolean
  /** In active organizations. */
  readonly memberships: readonly { readonly organizationId: Id<'org'>; readonly role: MembershipRole }[]
  /**
   * Assignments of the user and the user's teams in all scopes, also future ones. Without those in organizations where the user is not a
   * member.
   */
  readonly assignments: readonly ResolvedAssignment[]
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

interface Impersonator {
  readonly userId: Id<'usr'>
  readonly sessionId: Id<'ses'>
  /** The ids whose change may end the impersonation. */
  readonly dependencies: readonly string[]
  /** Whether they hold at an address (null: none is known) what it stands on; null, or nothing: at any. */
  readonly standsAt?: Standing['from']
}

interface SubjectRecord {
  readonly user: string
  readonly session: string | null
  readonly status: UserStatus
  readonly frozen: boolean
  readonly assurance: 'aal1' | 'aal2' | null
  readonly activated: string | null
  readonly dropped: string | null
  readonly expires_at: number | null
  readonly impersonator: string | null
  readonly impersonator_session: string | null
  readonly only_organization: string | null
  readonly memberships: string | null
  readonly assignments: string | null
}

const subjectsStatement = statement(
  'subjects',
  `select u.id::text as user, s.id::text as session, u.status, u.grants_frozen_at is not null as frozen, s.assurance,
      array_to_json(s.activated_roles)::text as activated, array_to_json(s.dropped_roles)::text as dropped,
      (extract(epoch from least(s.expires_at, p.expires_at)) * 1000)::float8 as expires_at, i.id::text as impersonator,
      p.id::text as impersonator_session, s.only_organization_id::text as only_organization, m.memberships::text as memberships, r.assignments::text as assignments
    from unnest(${idArray}, ${idArray}) with ordinality k (user_id, session_id, position)
      join users u on u.id = k.user_id
      left join sessions s on s.id = k.session_id and s.user_id = u.id and s.ended_at is null and s.expires_at > ?::timestamptz
      left join users i on i.id = s.impersonator_id
      left join sessions p on p.id = s.impersonator_session_id
      left join lateral (
        select json_agg(json_build_object('id', o.id, 'role', m.role) order by m.id) as memberships
          from memberships m join organizations o on o.id = m.organization_id and o.status = 'active' where m.user_id = u.id) m on true
      left join lateral ${assignmentsOf('u.id', 'true', { defined: 'false' })} r on true
    where k.session_id is null or s.id is not null
      and (s.impersonator_id is null or i.status in ('active', 'temporary') and p.ended_at is null and p.expires_at > ?::timestamptz)
    order by k.position`,
)

/**
 * Loads subjects in the given order. Missing users, and sessions that are not theirs or have ended, are left out. One statement for any
 * number, and one for their custom roles.
 */
export async function loadSubjects(
  em: SqlEntityManager,
  keys: readonly SubjectKey[],
  now: Date,
  roles: RoleDefinitions = storedDefinitions,
): Promise<readonly SubjectFacts[]> {
  const sessions = `{${keys.map(({ sessionId }) => (sessionId === null ? 'null' : uuidOf(sessionId))).join(',')}}`
  const users = uuidsOf(keys.map(({ userId }) => userId))
  const records = await runStatement<SubjectRecord>(em, subjectsStatement, [users, sessions, now, now, now])
  const read = records.map((record) => parseSubject(record))
  const definitions = await roles.of(em, customRolesIn(read.flatMap(({ assignments }) => assignments)))
  return read.map((subject) => factsOf(subject, definitions, now))
}

/** The same, without the sessions of impersonations that may not go on. */
export async function loadStandingSubjects(
  em: SqlEntityManager,
  catalogue: Catalogue,
  keys: readonly SubjectKey[],
  now: Date,
  roles: RoleDefinitions = storedDefinitions,
): Promise<readonly SubjectFacts[]> {
  const loaded = await loadSubjects(em, keys, now, roles)
  const sessions = loaded.flatMap(({ impersonator, sessionId }) => (impersonator === null || sessionId === null ? [] : [sessionId]))
  if (sessions.length === 0) return loaded
  const standing = await standingImpersonations(em, catalogue, sessions, now)
  return loaded.flatMap((facts) => {
    const { impersonator, sessionId, validUntil } = facts
    if (impersonator === null || sessionId === null) return [facts]
    const found = standing.get(sessionId)
    if (found === undefined) return []
    const first = found.edges.reduce((least, edge) => Math.min(least, edge), validUntil.getTime())
    return [
      { ...facts, impersonator: { ...impersonator, dependencies: found.dependencies, standsAt: found.from }, validUntil: new Date(first) },
    ]
  })
}

type Membership = { readonly id: string; readonly role: MembershipRole }

interface ParsedSubject {
  readonly record: SubjectRecord
  readonly isActive: boolean
  readonly memberships: readonly Membership[]
  readonly assignments: readonly LoadedAssignment[]
}

function parseSubject(record: SubjectRecord): ParsedSubject {
  const { status, frozen } = record
  const isActive = isActing(status) && !frozen
  const memberships = isActive ? parsed<Membership>(record.memberships) : none
  const given = parseAssignments(isActive ? record.assignments : null)
  return { record, isActive, ...countingIn(record.only_organization, memberships, given) }
}

function factsOf(
  { record, isActive, memberships, assignments: loaded }: ParsedSubject,
  definitions: ReadonlyMap<string, RoleDefinition>,
  now: Date,
): SubjectFacts {
  const { session, assurance, expires_at: expiresAt, impersonator, impersonator_session: from, only_organization: only } = record
  const assignments = resolveAssignments(loaded, definitions)
  const edges = assignments.map(({ from, until }) => (from > now.getTime() ? from : (until ?? endOfTime)))
  return {
    userId: idOf('usr', record.user),
    sessionId: session === null ? null : idOf('ses', session),
    isActive,
    memberships: memberships.map(({ id, role }) => ({ organizationId: idOf('org', id), role })),
    assignments,
    assurance,
    activeRoles:
      session === null ? defaultActiveRoles : { activated: parsed<string>(record.activated), deactivated: parsed<string>(record.dropped) },
    onlyIn: only === null ? null : idOf('org', only),
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

/** The time and address that a decision is made for. */
export interface DecisionContext {
  readonly now: Date
  /** null: no address, so conditions on networks are not met. */
  readonly from: Pick<Origin, 'ip' | 'remote'> | null
}

/** The grants of a subject now and from an address, by the same engine that the pipeline uses. */
export function grantsOfSubject(catalogue: Catalogue, facts: SubjectFacts, situation: DecisionContext): Grants {
  const limits = { organizationId: facts.onlyIn, patterns: null }
  if (!facts.isActive) return grantsOf(catalogue, [], limits)
  const members = facts.memberships.map(({ organizationId, role }) => ({
    organizationId,
    permissions: organizationRoles[role].permissions,
  }))
  return grantsOf(catalogue, [...effectiveAssignmentsOf(facts, situation).map(grantOf), ...members], limits)
}

/** The assignments that are effective now and from an address. */
export function effectiveAssignmentsOf(facts: SubjectFacts, { now, from }: DecisionContext): readonly ResolvedAssignment[] {
  const { assignments, assurance, activeRoles } = facts
  return effectiveAssignments(assignments, { at: now.getTime(), assurance, activeRoles }).filter((assignment) =>
    appliesFrom(assignment, from),
  )
}

/** Whether a subject has a permission in a scope, by grants or by ownership of the resource or an ancestor. */
export function isAllowedAt(grants: Grants, who: Owner, permission: string, place: Scope): boolean {
  if (grants.allows(permission, place.organizationId, place.path)) return true
  return owns(who, place) && ownersGrants(grants, place.organizationId).allows(permission, null, anyPath)
}

/** The facts about a subject that ownership depends on. */
export type Owner = Pick<SubjectFacts, 'userId' | 'isActive'> & { readonly memberships: readonly { readonly organizationId: Id<'org'> }[] }

/** Whether a subject owns the resource or an ancestor. Inside an organization only members own anything. */
export function owns({ userId, memberships, isActive }: Owner, { organizationId, owners }: Scope): boolean {
  if (!isActive || !owners.includes(userId)) return false
  return organizationId === null || memberships.some((membership) => membership.organizationId === organizationId)
}

/** The permissions of a subject in a scope, sorted, in the form of `Grants.list`. */
export function permissionsAt(catalogue: Catalogue, grants: Grants, who: Owner, place: Scope): readonly string[] {
  const held = grants.list(place.organizationId, place.path)
  if (!owns(who, place)) return held
  const owned = ownersGrants(grants, place.organizationId).list(null, anyPath)
  return listPermissions(union([permissionsOf(catalogue, held), permissionsOf(catalogue, owned)]))
}

/** The owner's grants on resources of an organization. */
function ownersGrants(grants: Grants, organizationId: Id<'org'> | null): Grants {
  return derivedGrants(owners, grants, whereOf(grants, organizationId), {
    organizationId,
    scopeId: anyResource,
    permissions: ownerPermissions,
  })
}

/** Whether the limits of a credential allow a permission in a scope, whatever its user may do. */
export function withinLimits(grants: Grants, permission: string, place: Scope): boolean {
  const { kind, organizationId } = place
  return kind === 'system'
    ? limitsAt(grants, place).allowsEverywhere(permission)
    : limitsAt(grants, place).allows(permission, organizationId, anyPath)
}

/** The permissions that the limits of a credential leave in a scope. */
export function limitPermissions(catalogue: Catalogue, grants: Grants, permissions: readonly string[], place: Scope): readonly string[] {
  const through = limitsAt(grants, place).list(place.organizationId, place.kind === 'system' ? [] : anyPath)
  return listPermissions(intersection(catalogue, permissionsOf(catalogue, permissions), permissionsOf(catalogue, through)))
}

/** The grants that a user with all permissions would have with the limits of this credential. */
function limitsAt(grants: Grants, { kind, organizationId }: Scope): Grants {
  return kind === 'system'
    ? derivedGrants(limits, grants, 'system', { organizationId: null, permissions: everything })
    : derivedGrants(limits, grants, whereOf(grants, organizationId), { organizationId, scopeId: anyResource, permissions: everything })
}

/** As far as limits tell scopes apart: within the one organization of the credential (default: anywhere), or outside of it. */
type Where = 'system' | 'within' | 'outside'

function whereOf({ onlyIn = null }: Grants, organizationId: Id<'org'> | null): Where {
  return onlyIn === null || onlyIn === organizationId ? 'within' : 'outside'
}

/** Bounded by the grants that they are derived from: at most three for each. */
const owners = new WeakMap<Grants, Map<Where, Grants>>()
/** Bounded in the same way. */
const limits = new WeakMap<Grants, Map<Where, Grants>>()

/** Grants derived from one grant, computed once. */
function derivedGrants(memory: typeof owners, grants: Grants, where: Where, holding: Grant): Grants {
  const all = memory.get(grants) ?? new Map<Where, Grants>()
  memory.set(grants, all)
  const found = all.get(where)
  if (found !== undefined) return found
  const made = grants.withSameLimits([holding])
  all.set(where, made)
  return made
}

/** Stands for any resource. */
const anyResource = 'it'
const anyPath: readonly string[] = [anyResource]
const everything = ['*']
