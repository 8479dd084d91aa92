import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Actor } from '../kernel/actor.ts'
import type { Scope } from '../kernel/decisions.ts'
import { uuidOf, type Id } from '../kernel/id.ts'
import type { Target } from '../kernel/rule.ts'
import type { Grant } from '../kernel/grants.ts'
import {
  ownerPermissions,
  assignmentsOf,
  effectiveAssignments,
  appliesFrom,
  exclusiveRoles,
  parseResolved,
  grantOf,
  countingIn,
} from '../grants/index.ts'
import { unknownOrigin } from './subjects.ts'

/** The permission that makes a scope visible. */
export const visibleWith: Readonly<Record<Scope['kind'], string>> = {
  system: 'access.listAssignments',
  organization: 'organizations.get',
  team: 'teams.listMembers',
  resource: 'resources.get',
}

interface GrantsRecord {
  readonly at: number
  readonly assignments: string | null
  readonly definitions: string | null
}

interface TargetFacts {
  readonly type: string
  readonly id: string
  /** The user it belongs to, if any. */
  readonly userId?: Id<'usr'> | null
  /** The permission that makes it visible. */
  readonly visibleWith: string
}

/**
 * The target of an action in a scope, with the actor's grants there. Grants on resources can be very many, so principals do not carry
 * them: only those on the resource and its ancestors are loaded here.
 */
export async function targetInScope(em: SqlEntityManager, scope: Scope, actor: Actor, touched: TargetFacts): Promise<Target> {
  const { organizationId, path } = scope
  const target = { userId: null, ...touched, organizationId, path }
  if (actor.kind !== 'user' || scope.kind !== 'resource') return target
  return { ...target, resourceGrants: actor.principal.grants.withSameLimits(await loadResourceGrants(em, scope, actor)) }
}

/** The grants of a user on a resource and its ancestors. */
async function loadResourceGrants(em: SqlEntityManager, scope: Scope, actor: Extract<Actor, { kind: 'user' }>): Promise<readonly Grant[]> {
  const { principal } = actor
  const { organizationId, owners } = scope
  const isThere = organizationId === null || principal.memberships.some((membership) => membership.organizationId === organizationId)
  // Inside an organization only members have grants, whatever they own or were assigned.
  if (!isThere) return []
  const uuids = scope.path.map(uuidOf)
  const path = `'{${uuids.join(',')}}'::uuid[]`
  const at = actor.at === undefined ? 'now()' : `'${actor.at.toISOString()}'::timestamptz`
  const scopes = `(a.resource_id = any(${path}) or a.role_id in ${exclusiveRoles}) and a.valid_from <= ${at}`
  const [row] = await em.execute<GrantsRecord[]>(
    `select (extract(epoch from ${at}) * 1000)::float8 as at, r.assignments::text as assignments, r.definitions::text as definitions from users u
      cross join lateral ${assignmentsOf('u.id', scopes, { at })} r where u.id = ? and u.grants_frozen_at is null`,
    [uuidOf(principal.userId)],
  )
  // Frozen grants: not even ownership counts.
  if (row === undefined) return []
  const owned = owners.includes(principal.userId) ? [{ organizationId, scopeId: scope.path[0] ?? '', permissions: ownerPermissions }] : []
  const memberships = principal.memberships.map((membership) => ({ id: uuidOf(membership.organizationId) }))
  const { assignments: held } = countingIn(null, memberships, parseResolved(row))
  const here = new Set(uuids)
  const { assurance, activeRoles } = principal
  const counting = effectiveAssignments(held, { at: row.at, assurance, activeRoles }).filter(
    (assignment) => assignment.object !== null && here.has(assignment.object) && appliesFrom(assignment, actor.from ?? unknownOrigin),
  )
  return [...owned, ...counting.map(grantOf)]
}
