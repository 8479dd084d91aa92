import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Origin } from '../kernel/context.ts'
import type { RoleDefinition, RoleDefinitions, SubjectKey } from '../kernel/decisions.ts'
import type { Grants } from '../kernel/grants.ts'
import { idOf, uuidOf, uuidsOf, type Id } from '../kernel/id.ts'
import type { Grant } from '../kernel/rule.ts'
import type { Catalogue } from '../kernel/signature.ts'
import { idArray, runStatement, statement } from '../kernel/statement.ts'
import type { MembershipRole } from '../organizations/model.ts'
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
  inOrganizationsOf,
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

/** What decisions about somebody are made from. */
export interface SubjectFacts extends SubjectKey {
  /** Active or temporary, and their grants are not frozen: others may do nothing at all. */
  readonly isActive: boolean
  /** Of active organizations. */
  readonly memberships: readonly { readonly organizationId: Id<'org'>; readonly role: MembershipRole }[]
  /**
   * The user's and their teams', on whatever, also those that begin later. What was given in an organization goes with
   * the membership: those in organizations that they are no member of are left out.
   */
  readonly assignments: readonly ResolvedAssignment[]
  /** null: there is no session. */
  readonly assurance: 'aal1' | 'aal2' | null
  readonly activeRoles: ActiveRoles
  /** When this may change by itself: the session ends, or an assignment begins or is over. */
  readonly validUntil: Date
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
  readonly memberships: string | null
  readonly assignments: string | null
}

const subjectsStatement = statement(
  'subjects',
  `select u.id::text as user, s.id::text as session, u.status, u.grants_frozen_at is not null as frozen, s.assurance,
      array_to_json(s.activated_roles)::text as activated, array_to_json(s.dropped_roles)::text as dropped,
      (extract(epoch from s.expires_at) * 1000)::float8 as expires_at, m.memberships::text as memberships, r.assignments::text as assignments
    from unnest(${idArray}, ${idArray}) with ordinality k (user_id, session_id, position)
      join users u on u.id = k.user_id
      left join sessions s on s.id = k.session_id and s.user_id = u.id and s.ended_at is null and s.expires_at > ?::timestamptz
        and (s.impersonator_id is null or exists (select 1 from users i where i.id = s.impersonator_id and i.status in ('active', 'temporary')))
      left join lateral (
        select json_agg(json_build_object('id', o.id, 'role', m.role) order by m.id) as memberships
          from memberships m join organizations o on o.id = m.organization_id and o.status = 'active' where m.user_id = u.id) m on true
      left join lateral ${assignmentsOf('u.id', 'true', { defined: 'false' })} r on true
    where k.session_id is null or s.id is not null
    order by k.position`,
)

/**
 * Those who are there, in the order asked for; of those with a session, if it is theirs and live. However many, it is
 * one statement, and one for the custom roles that they have.
 */
export async function loadSubjects(
  em: SqlEntityManager,
  keys: readonly SubjectKey[],
  now: Date,
  roles: RoleDefinitions = storedDefinitions,
): Promise<readonly SubjectFacts[]> {
  const sessions = `{${keys.map(({ sessionId }) => (sessionId === null ? 'null' : uuidOf(sessionId))).join(',')}}`
  const users = uuidsOf(keys.map(({ userId }) => userId))
  const records = await runStatement<SubjectRecord>(em, subjectsStatement, [users, sessions, now, now])
  const read = records.map((record) => parseSubject(record))
  const definitions = await roles.of(em, customRolesIn(read.flatMap(({ assignments }) => assignments)))
  return read.map((subject) => factsOf(subject, definitions, now))
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
  return { record, isActive, memberships, assignments: inOrganizationsOf(given, new Set(memberships.map(({ id }) => id))) }
}

function factsOf(
  { record, isActive, memberships, assignments: loaded }: ParsedSubject,
  definitions: ReadonlyMap<string, RoleDefinition>,
  now: Date,
): SubjectFacts {
  const { session, assurance, expires_at: expiresAt } = record
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
    validUntil: new Date(edges.reduce((least, edge) => Math.min(least, edge), expiresAt ?? endOfTime)),
  }
}

function parsed<Item>(json: string | null): readonly Item[] {
  return json === null || json === '[]' ? none : (JSON.parse(json) as Item[])
}

const none: readonly never[] = []
/** The last moment that a Date can hold. */
const endOfTime = 8.64e15

/** When something is decided, and the address that it is decided for. */
export interface DecisionContext {
  readonly now: Date
  /** null: from nowhere in particular, so conditions on networks are not met. */
  readonly from: Pick<Origin, 'ip' | 'remote'> | null
}

/** What somebody may do now, from there: by the same engine that lets calls through. */
export function grantsOfSubject(catalogue: Catalogue, facts: SubjectFacts, situation: DecisionContext): Grants {
  if (!facts.isActive) return grantsOf(catalogue, [])
  const members = facts.memberships.map(({ organizationId, role }) => ({
    organizationId,
    permissions: organizationRoles[role].permissions,
  }))
  return grantsOf(catalogue, [...effectiveAssignmentsOf(facts, situation).map(grantOf), ...members])
}

/** The assignments that count now, from there. */
export function effectiveAssignmentsOf(facts: SubjectFacts, { now, from }: DecisionContext): readonly ResolvedAssignment[] {
  const { assignments, assurance, activeRoles } = facts
  return effectiveAssignments(assignments, { at: now.getTime(), assurance, activeRoles }).filter((assignment) =>
    appliesFrom(assignment, from),
  )
}

/** Whether somebody may do something there: by what they hold, or because it, or what it is in, is theirs. */
export function isAllowedAt(grants: Grants, who: Owner, permission: string, place: Scope): boolean {
  if (grants.allows(permission, place.organizationId, place.path)) return true
  return owns(who, place) && ownersGrants(grants, place.organizationId).allows(permission, null, anyPath)
}

/** Who is decided about, as far as owning goes. */
export type Owner = Pick<SubjectFacts, 'userId' | 'isActive'> & { readonly memberships: readonly { readonly organizationId: Id<'org'> }[] }

/** Whether somebody owns what the place is, or something that it is in. What is in an organization is its members' only. */
export function owns({ userId, memberships, isActive }: Owner, { organizationId, owners }: Scope): boolean {
  if (!isActive || !owners.includes(userId)) return false
  return organizationId === null || memberships.some((membership) => membership.organizationId === organizationId)
}

/** The permissions that somebody has there, sorted, as `Grants.list` gives them. */
export function permissionsAt(catalogue: Catalogue, grants: Grants, who: Owner, place: Scope): readonly string[] {
  const held = grants.list(place.organizationId, place.path)
  if (!owns(who, place)) return held
  const owned = ownersGrants(grants, place.organizationId).list(null, anyPath)
  return listPermissions(union([permissionsOf(catalogue, held), permissionsOf(catalogue, owned)]))
}

/** What whoever owns something in an organization may do with it. */
function ownersGrants(grants: Grants, organizationId: Id<'org'> | null): Grants {
  return derivedGrants(owners, grants, organizationId, { organizationId, scopeId: anyResource, permissions: ownerPermissions })
}

/** Whether the limits of a credential let a permission through there, whatever its user may do. */
export function withinLimits(grants: Grants, permission: string, place: Scope): boolean {
  const { kind, organizationId } = place
  return kind === 'system'
    ? limitsAt(grants, place).allowsEverywhere(permission)
    : limitsAt(grants, place).allows(permission, organizationId, anyPath)
}

/** What the limits of a credential leave of some permissions there. */
export function limitPermissions(catalogue: Catalogue, grants: Grants, permissions: readonly string[], place: Scope): readonly string[] {
  const through = limitsAt(grants, place).list(place.organizationId, place.kind === 'system' ? [] : anyPath)
  return listPermissions(intersection(catalogue, permissionsOf(catalogue, permissions), permissionsOf(catalogue, through)))
}

/** The grants of somebody who might do everything, by a credential with the same limits. */
function limitsAt(grants: Grants, { kind, organizationId }: Scope): Grants {
  return kind === 'system'
    ? derivedGrants(limits, grants, 'system', { organizationId: null, permissions: everything })
    : derivedGrants(limits, grants, organizationId, { organizationId, scopeId: anyResource, permissions: everything })
}

const owners = new WeakMap<Grants, Map<string | null, Grants>>()
const limits = new WeakMap<Grants, Map<string | null, Grants>>()

/** Grants of one other holding; made once for each place that somebody may do something in. */
function derivedGrants(memory: typeof owners, grants: Grants, key: string | null, holding: Grant): Grants {
  const all = memory.get(grants) ?? new Map<string | null, Grants>()
  memory.set(grants, all)
  const found = all.get(key)
  if (found !== undefined) return found
  const made = grants.withSameLimits([holding])
  all.set(key, made)
  return made
}

/** Stands for whatever it is. */
const anyResource = 'it'
const anyPath: readonly string[] = [anyResource]
const everything = ['*']
