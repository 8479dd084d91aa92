import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Actor } from '../kernel/context.ts'
import { system, type Place } from '../kernel/decisions.ts'
import { idOf, uuidOf, uuidsOf, type Id } from '../kernel/id.ts'
import type { Holding, Target } from '../kernel/rule.ts'
import { ownerPermissions, assignmentsOf, countingNow, countsFrom, exclusiveRoles, heldIn, holdingOf, ofMember } from '../grants/index.ts'
import type { ScopeInput } from './model.ts'

export { system, type Place } from '../kernel/decisions.ts'

/** The place that an input names; null: there is no such place. Archived organizations are places for whoever runs the installation. */
export async function findPlace(em: SqlEntityManager, scope: ScopeInput): Promise<Place | null> {
  if ('organizationId' in scope) return findOrganization(em, scope.organizationId)
  if ('teamId' in scope) return findTeam(em, scope.teamId)
  if ('resourceId' in scope) return (await findResources(em, [scope.resourceId])).get(scope.resourceId) ?? null
  return system
}

async function findOrganization(em: SqlEntityManager, id: Id<'org'>): Promise<Place | null> {
  const rows = await em.execute<unknown[]>('select 1 from organizations where id = ?', [uuidOf(id)])
  return rows.length === 0 ? null : { kind: 'organization', organizationId: id, within: [], owners: [] }
}

async function findTeam(em: SqlEntityManager, id: Id<'team'>): Promise<Place | null> {
  const [row] = await em.execute<{ organization: string }[]>(
    `select t.organization_id::text as organization from teams t
      join organizations o on o.id = t.organization_id and o.status <> 'archived' where t.id = ? and t.deleted_at is null`,
    [uuidOf(id)],
  )
  return row === undefined ? null : { kind: 'team', organizationId: idOf('org', row.organization), within: [id], owners: [] }
}

interface ResourceRecord {
  readonly id: string
  readonly organization: string | null
  readonly path: string
  readonly owners: string
}

/** Resources as places, however many, in one statement. What was deleted is not there. */
export async function findResources(em: SqlEntityManager, ids: readonly Id<'res'>[]): Promise<ReadonlyMap<Id<'res'>, Place>> {
  const rows = await em.execute<ResourceRecord[]>(
    `select r.id::text as id, r.organization_id::text as organization, array_to_json(r.path)::text as path,
        (select coalesce(json_agg(o.owner_user_id), '[]')::text from resources o where o.id = any(r.path) and o.owner_user_id is not null) as owners
      from resources r where r.id = any(?::uuid[]) and r.deleted_at is null`,
    [uuidsOf(ids)],
  )
  return new Map(rows.map((row) => [idOf('res', row.id), placeOf(row)]))
}

function placeOf({ organization, path, owners }: ResourceRecord): Place {
  return {
    kind: 'resource',
    organizationId: organization === null ? null : idOf('org', organization),
    within: (JSON.parse(path) as string[]).map((id) => idOf('res', id)),
    owners: (JSON.parse(owners) as string[]).map((id) => idOf('usr', id)),
  }
}

interface HeldRecord {
  readonly at: number
  readonly assignments: string | null
  readonly definitions: string | null
}

interface Touched {
  readonly type: string
  readonly id: string
  /** The user it belongs to, if it belongs to one. */
  readonly userId?: Id<'usr'> | null
  /** Permission to know that it exists. */
  readonly visibleWith: string
}

/**
 * What an action touches at a place, with what its actor holds there. Grants on resources are
 * not kept with a principal, for there may be very many: they are read here, those on the
 * way to the resource only.
 */
export async function targetAt(em: SqlEntityManager, place: Place, actor: Actor, touched: Touched): Promise<Target> {
  const { organizationId, within } = place
  const target = { userId: null, ...touched, organizationId, within }
  if (actor.kind !== 'user' || place.kind !== 'resource') return target
  return { ...target, here: actor.principal.grants.more(await holdingsAt(em, place, actor)) }
}

/** What a user holds on a resource, and on all that it is in. */
async function holdingsAt(em: SqlEntityManager, place: Place, actor: Extract<Actor, { kind: 'user' }>): Promise<readonly Holding[]> {
  const { principal } = actor
  const { organizationId, within, owners } = place
  const isThere = organizationId === null || principal.memberships.some((membership) => membership.organizationId === organizationId)
  // What is in an organization is its members' only, whatever they own or were given.
  if (!isThere) return []
  const uuids = within.map(uuidOf)
  const path = `'{${uuids.join(',')}}'::uuid[]`
  const at = actor.at === undefined ? 'now()' : `'${actor.at.toISOString()}'::timestamptz`
  const scopes = `(a.resource_id = any(${path}) or a.role_id in ${exclusiveRoles}) and a.valid_from <= ${at}`
  const [row] = await em.execute<HeldRecord[]>(
    `select (extract(epoch from ${at}) * 1000)::float8 as at, r.assignments::text as assignments, r.definitions::text as definitions from users u
      cross join lateral ${assignmentsOf('u.id', scopes, { at })} r where u.id = ? and u.grants_frozen_at is null`,
    [uuidOf(principal.userId)],
  )
  // Frozen: not even what is theirs.
  if (row === undefined) return []
  const owned = owners.includes(principal.userId) ? [{ organizationId, object: within[0] ?? '', permissions: ownerPermissions }] : []
  const held = ofMember(heldIn(row), new Set(principal.memberships.map((membership) => uuidOf(membership.organizationId))))
  const here = new Set(uuids)
  const { assurance, chosen } = principal
  const counting = countingNow(held, { at: row.at, assurance, chosen }).filter(
    (assignment) => assignment.object !== null && here.has(assignment.object) && countsFrom(assignment, actor.from ?? unknownOrigin),
  )
  return [...owned, ...counting.map(holdingOf)]
}

/** A call in this process, past the pipeline. */
const unknownOrigin = { ip: null }
