import type { SqlEntityManager } from '@mikro-orm/sql'
import { notFound } from '../kernel/errors.ts'
import { idOf, idOrNull, uuidOf, uuidsOf, type Id } from '../kernel/id.ts'
import { isMember, organizationInactive, type OrganizationId } from '../organizations/index.ts'
import type { UserId } from '../users/index.ts'
import type { Resource, ResourceId } from './model.ts'

/** An SQL condition on resources `r`, with its parameters. */
export interface Condition {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

interface ResourceRecord {
  readonly id: string
  readonly type: string
  readonly key: string | null
  readonly name: string | null
  readonly organization: string | null
  readonly path: string
  readonly owner: string | null
  readonly owned_since: number
  readonly version: number
  readonly created_by: string | null
  readonly created_at: number
  readonly updated_at: number
}

const milliseconds = (column: string) => `(extract(epoch from r.${column}) * 1000)::float8 as ${column}`

/** Selects resources that are not deleted, in the order of their ids, which is that of registration. */
export async function selectResources(em: SqlEntityManager, { sql, parameters }: Condition, limit: number): Promise<Resource[]> {
  const rows = await em.execute<ResourceRecord[]>(
    `select r.id::text as id, r.type, r.key, r.name, r.organization_id::text as organization, array_to_json(r.path)::text as path,
        r.owner_user_id::text as owner, ${milliseconds('owned_since')}, r.version, r.created_by::text as created_by,
        ${milliseconds('created_at')}, ${milliseconds('updated_at')}
      from resources r where r.deleted_at is null and (${sql}) order by r.id limit ?`,
    [...parameters, limit],
  )
  return rows.map(resourceIn)
}

function resourceIn(row: ResourceRecord): Resource {
  const [, ...within] = (JSON.parse(row.path) as string[]).map((id) => idOf('res', id))
  return {
    id: idOf('res', row.id),
    type: row.type,
    key: row.key,
    name: row.name,
    organizationId: idOrNull('org', row.organization),
    parentId: within[0] ?? null,
    within,
    ownerUserId: idOrNull('usr', row.owner),
    ownedSince: new Date(row.owned_since),
    version: row.version,
    createdBy: idOrNull('usr', row.created_by),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  }
}

/** Counts resources that are not deleted. */
export async function countResources(em: SqlEntityManager, { sql, parameters }: Condition): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(
    `select count(*)::int as count from resources r where r.deleted_at is null and (${sql})`,
    [...parameters],
  )
  return row?.count ?? 0
}

/** A resource as output. */
export async function shownResource(em: SqlEntityManager, resourceId: ResourceId): Promise<Resource> {
  const [resource] = await selectResources(em, { sql: 'r.id = ?', parameters: [uuidOf(resourceId)] }, 1)
  if (resource === undefined) throw notFound({ type: 'resource' })
  return resource
}

/** A resource with a locked row. */
export interface LockedResource {
  readonly id: ResourceId
  readonly type: string
  readonly organizationId: OrganizationId | null
  readonly ownerUserId: UserId | null
  readonly ownedSince: Date
  /** UUIDs of the resource itself and its ancestors. */
  readonly path: readonly string[]
}

interface LockedRecord extends Pick<ResourceRecord, 'id' | 'type' | 'organization' | 'owner' | 'owned_since' | 'path'> {
  readonly status: string | null
}

const locking = `select r.id::text as id, r.type, r.organization_id::text as organization, r.owner_user_id::text as owner,
    array_to_json(r.path)::text as path, ${milliseconds('owned_since')}, o.status
  from resources r left join organizations o on o.id = r.organization_id where r.deleted_at is null and`

/**
 * Locks a resource: `key share` against deletion and transfer; `update` also against new resources inside it. Throws in an inactive
 * organization.
 */
export async function lockResource(em: SqlEntityManager, resourceId: ResourceId, lock: 'key share' | 'update'): Promise<LockedResource> {
  const [row] = await em.execute<LockedRecord[]>(`${locking} r.id = ? for ${lock} of r`, [uuidOf(resourceId)])
  if (row === undefined) throw notFound({ type: 'resource' })
  if (row.status !== null && row.status !== 'active') throw organizationInactive({ status: row.status })
  return lockedIn(row)
}

/** Locks a resource with everything inside. Repeats if resources were added while it waited. */
export async function lockTree(em: SqlEntityManager, resourceId: ResourceId): Promise<readonly LockedResource[]> {
  let before = -1
  for (;;) {
    const rows = await em.execute<LockedRecord[]>(`${locking} r.path @> ?::uuid[] order by r.id for update of r`, [uuidsOf([resourceId])])
    if (rows.length === before) return rows.map(lockedIn)
    before = rows.length
  }
}

/** Locks everything that a user owns, in whatever organization. */
export async function lockOwned(em: SqlEntityManager, userId: UserId): Promise<readonly LockedResource[]> {
  const rows = await em.execute<LockedRecord[]>(`${locking} r.owner_user_id = ? order by r.id for update of r`, [uuidOf(userId)])
  return rows.map(lockedIn)
}

function lockedIn({ id, type, organization, owner, owned_since, path }: LockedRecord): LockedResource {
  return {
    id: idOf('res', id),
    type,
    organizationId: idOrNull('org', organization),
    ownerUserId: idOrNull('usr', owner),
    ownedSince: new Date(owned_since),
    path: JSON.parse(path) as string[],
  }
}

/** Locks a membership, so that it lasts until the transaction ends. Throws for non-members, whether they exist or not. */
export async function lockMember(em: SqlEntityManager, organizationId: OrganizationId, userId: Id<'usr'>): Promise<void> {
  if (!(await isMember(em, { userId, organizationId }, { locked: true }))) throw notFound({ type: 'member' })
}

/**
 * Whether two users share an active organization, other than the one with this slug. In a transaction their memberships are locked, so that
 * it stays so until that ends.
 */
export async function lockCommonOrganization(
  em: SqlEntityManager,
  [one, other]: readonly [Id<'usr'>, Id<'usr'>],
  exceptSlug: string | null,
): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `select 1 from memberships m join memberships n on n.organization_id = m.organization_id
      join organizations o on o.id = m.organization_id and o.status = 'active' and o.slug is distinct from ?::text
      where m.user_id = ? and n.user_id = ? order by o.id ${em.isInTransaction() ? 'for key share of m, n' : ''}`,
    [exceptSlug, uuidOf(one), uuidOf(other)],
  )
  return rows.length > 0
}
