import type { Origin } from '../kernel/origin.ts'
import type { Grant, Grants } from '../kernel/grants.ts'
import type { Id } from '../kernel/id.ts'
import type { Catalogue } from '../kernel/signature.ts'
import {
  organizationRoles,
  ownerPermissions,
  effectiveAssignments,
  appliesFrom,
  grantOf,
  type ResolvedAssignment,
  intersection,
  union,
  listPermissions,
  permissionsOf,
  grantsOf,
} from '../grants/index.ts'
import type { Scope } from '../kernel/decisions.ts'
import type { SubjectFacts } from './facts/subjects.ts'

/** The time and address that a decision is made for. */
export interface DecisionContext {
  readonly now: Date
  /** null: no address, so conditions on networks are not met. */
  readonly from: Pick<Origin, 'ip' | 'remote'> | null
}

/** The address of a call in this process that did not go through the pipeline. */
export const unknownOrigin = { ip: null }

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
