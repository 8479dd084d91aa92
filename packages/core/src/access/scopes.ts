import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Actor } from '../kernel/actor.ts'
import { systemScope, type Scope } from '../kernel/decisions.ts'
import { idOf, uuidOf, uuidsOf, type Id } from '../kernel/id.ts'
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
import type { ScopeInput } from './model.ts'

export { systemScope, type Scope } from '../kernel/decisions.ts'

/** The scope that an input names; null: it does not exist. Archived organizations are found for those who run the installation. */
export async function findScope(em: SqlEntityManager, scope: ScopeInput): Promise<Scope | null> {
  if ('organizationId' in scope) return findOrganization(em, scope.organizationId)
  if ('teamId' in scope) return findTeam(em, scope.teamId)
  if ('resourceId' in scope) return (await findResources(em, [scope.resourceId])).get(scope.resourceId) ?? null
  return systemScope
}

async function findOrganization(em: SqlEntityManager, id: Id<'org'>): Promise<Scope | null> {
  const rows = await em.execute<unknown[]>('select 1 from organizations where id = ?', [uuidOf(id)])
  return rows.length === 0 ? null : { kind: 'organization', organizationId: id, path: [], owners: [] }
}

async function findTeam(em: SqlEntityManager, id: Id<'team'>): Promise<Scope | null> {
  const [row] = await em.execute<{ organization: string }[]>(
    `select t.organization_id::text as organization from teams t
      join organizations o on o.id = t.organization_id and o.status <> 'archived' where t.id = ? and t.deleted_at is null`,
    [uuidOf(id)],
  )
  return row === undefined ? null : { kind: 'team', organizationId: idOf('org', row.organization), path: [id], owners: [] }
}

interface ResourceRecord {
  readonly id: string
  readonly organization: string | null
  readonly path: string
  readonly owners: string
}

/** Loads resources as scopes, in one statement. Deleted ones are not found. */
export async function findResources(em: SqlEntityManager, ids: readonly Id<'res'>[]): Promise<ReadonlyMap<Id<'res'>, Scope>> {
  const rows = await em.execute<ResourceRecord[]>(
    `select r.id::text as id, r.organization_id::text as organization, array_to_json(r.path)::text as path,
        (select coalesce(json_agg(o.owner_user_id), '[]')::text from resources o where o.id = any(r.path) and o.owner_user_id is not null) as owners
      from resources r where r.id = any(?::uuid[]) and r.deleted_at is null`,
    [uuidsOf(ids)],
  )
  return new Map(rows.map((row) => [idOf('res', row.id), scopeOf(row)]))
}

function scopeOf({ organization, path, owners }: ResourceRecord): Scope {
  return {
    kind: 'resource',
    organizationId: organization === null ? null : idOf('org', organization),
    path: (JSON.parse(path) as string[]).map((id) => idOf('res', id)),
    owners: (JSON.parse(owners) as string[]).map((id) => idOf('usr', id)),
  }
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

/** A call in this process that did not go through the pipeline. */
const unknownOrigin = { ip: null }
