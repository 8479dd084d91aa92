import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import { invalidInput, notFound } from '../kernel/errors.ts'
import { idOf, uuidOf, uuidOrNull } from '../kernel/id.ts'
import { granted } from '../kernel/rule.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { OrganizationRow, organizationInactive, type OrganizationId } from '../organizations/index.ts'
import { UserRow, type UserId } from '../users/index.ts'
import { nestedTooDeep, otherOwner } from './errors.ts'
import { mostNested, type Resource, type ResourceId } from './model.ts'
import { countByType } from './rules.ts'
import { reserveQuota } from './quota.ts'
import { lockMember, lockResource } from './repository.ts'
import { resourcesSignatures } from './signatures.ts'
import { locationTarget } from './targets.ts'

export const registerResource = defineCommand(resourcesSignatures.register, {
  allow: granted,
  target: locationTarget(resourcesSignatures.register.name),
  async handle(context, { ifAbsent, type, key = null, name = null, ...where }) {
    const location = await locationOf(context, where)
    const [resource] = await register(context, location, [{ type, key, name }], ifAbsent ? insertAbsent : insertAll)
    if (resource === undefined) return null
    context.note({ target: { type: 'resource', id: resource.id }, organizationId: location.organizationId, changes: { type, key, name } })
    return resource
  },
})

export const registerResources = defineCommand(resourcesSignatures.registerMany, {
  allow: granted,
  target: locationTarget(resourcesSignatures.registerMany.name),
  async handle(context, { items, ...where }) {
    const location = await locationOf(context, where)
    const given = items.map(({ type, key = null, name = null }) => ({ type, key, name }))
    const resources = await register(context, location, given, insertAll)
    context.note({ organizationId: location.organizationId, changes: { registered: resources.length } })
    return { items: [...resources] }
  },
})

interface LocationInput {
  readonly parentId?: ResourceId | undefined
  readonly organizationId?: OrganizationId | undefined
  readonly ownerUserId?: UserId | undefined
}

/** Where new resources are created, and who owns them. */
interface Location {
  readonly organizationId: OrganizationId | null
  readonly ownerUserId: UserId | null
  /** UUIDs of their ancestors, the parent first. */
  readonly path: readonly string[]
}

async function locationOf(context: CommandContext, where: LocationInput): Promise<Location> {
  const { parentId, organizationId, ownerUserId } = where
  if (parentId === undefined)
    return organizationId === undefined ? locationOfUser(context, ownerUserId) : locationIn(context, organizationId, ownerUserId)
  const location = await locationInside(context, parentId, ownerUserId)
  // An actor who may do everything everywhere gets here even if the parent is in another organization.
  if (organizationId !== undefined && location.organizationId !== organizationId) throw notFound({ type: 'resource' })
  return location
}

/** Locks the parent, so that it is neither deleted nor transferred meanwhile. */
async function locationInside({ em }: CommandContext, parentId: ResourceId, ownerUserId: UserId | undefined): Promise<Location> {
  const parent = await lockResource(em, parentId, 'key share')
  const { organizationId, path } = parent
  if (path.length >= mostNested) throw nestedTooDeep({ limit: mostNested })
  if (organizationId === null && ownerUserId !== undefined && ownerUserId !== parent.ownerUserId) throw otherOwner({})
  if (organizationId !== null && ownerUserId !== undefined) await lockMember(em, organizationId, ownerUserId)
  return { organizationId, path, ownerUserId: organizationId === null ? parent.ownerUserId : (ownerUserId ?? null) }
}

async function locationIn({ em }: CommandContext, organizationId: OrganizationId, ownerUserId: UserId | undefined): Promise<Location> {
  const organization = await em.findOne(OrganizationRow, { id: organizationId })
  if (organization === null) throw notFound({ type: 'organization' })
  if (organization.status !== 'active') throw organizationInactive({ status: organization.status })
  if (ownerUserId !== undefined) await lockMember(em, organizationId, ownerUserId)
  return { organizationId, path: [], ownerUserId: ownerUserId ?? null }
}

/** Only those who run the installation register resources for another user. */
async function locationOfUser({ em, actor }: CommandContext, named: UserId | undefined): Promise<Location> {
  const caller = callerId(actor)
  const ownerUserId = named ?? caller
  if (ownerUserId === null)
    throw invalidInput({
      issues: [{ path: 'ownerUserId', message: 'name the owner, or an organization: you act for no user who could be it' }],
    })
  if (ownerUserId !== caller && (await em.count(UserRow, { id: ownerUserId })) === 0) throw notFound({ type: 'user' })
  return { organizationId: null, path: [], ownerUserId }
}

interface NewResource {
  readonly type: string
  readonly key: string | null
  readonly name: string | null
}

/** Inserts resources and emits their events; resources that `insert` skips are not returned. */
async function register(
  context: CommandContext,
  location: Location,
  given: readonly NewResource[],
  insert: Insert,
): Promise<readonly Resource[]> {
  const { em, newId } = context
  const { organizationId, ownerUserId } = location
  await reserveQuota(em, ownerUserId === null ? ownedBy(organizationId) : { userId: ownerUserId }, countByType(given))
  const wanted = given.map((item) => resourceFrom(context, location, newId('res'), item))
  const inserted = await insert(em, wanted)
  const resources = wanted.filter(({ id }) => inserted.has(id))
  for (const { id, type, key, parentId } of resources)
    context.emit({
      type: 'resources.registered',
      subject: id,
      organizationId,
      payload: { resourceId: id, organizationId, type, key, parentId, ownerUserId },
    })
  return resources
}

function ownedBy(organizationId: OrganizationId | null): { readonly organizationId: OrganizationId } {
  if (organizationId === null) throw new TypeError('A resource without an organization came without an owner.')
  return { organizationId }
}

function resourceFrom({ now, actor }: CommandContext, { path, ...whose }: Location, id: ResourceId, given: NewResource): Resource {
  const within = path.map((uuid) => idOf('res', uuid))
  const [createdBy, parentId] = [callerId(actor), within[0] ?? null]
  return { id, ...given, ...whose, parentId, within, ownedSince: now, version: 1, createdBy, createdAt: now, updatedAt: now }
}

/** Inserts all in one statement and returns the ids of the inserted ones. */
type Insert = (em: SqlEntityManager, resources: readonly Resource[]) => Promise<ReadonlySet<ResourceId>>

const insertion = `insert into resources (id, organization_id, type, key, name, parent_id, path, owner_user_id, owned_since, version, created_by, created_at, updated_at)
  select x.id, x.organization, x.type, x.key, x.name, x.parent, x.path, x.owner, x.at, 1, x.by, x.at, x.at
    from json_to_recordset(?::json) as x(id uuid, organization uuid, type text, key text, name text, parent uuid, path uuid[], owner uuid, by uuid, at timestamptz)`

const inserter = (name: string, more: string) => {
  const inserted = statement(name, `${insertion} ${more} returning id::text as id`)
  return async (em: SqlEntityManager, resources: readonly Resource[]) => {
    const rows = await runStatement<{ id: string }>(em, inserted, [JSON.stringify(resources.map(recordOf))])
    return new Set(rows.map(({ id }) => idOf('res', id)))
  }
}

/** A key that exists already fails all of them, by the constraint. */
const insertAll: Insert = inserter('register_resources', '')
/** Skips resources whose key exists already: of concurrent callers one inserts it. */
const insertAbsent: Insert = inserter(
  'register_absent_resources',
  'on conflict (coalesce(organization_id, owner_user_id), type, key) where deleted_at is null do nothing',
)

function recordOf({ id, type, key, name, organizationId, ownerUserId, parentId, within, createdBy, createdAt }: Resource) {
  return {
    id: uuidOf(id),
    organization: uuidOrNull(organizationId),
    type,
    key,
    name,
    parent: uuidOrNull(parentId),
    path: [id, ...within].map(uuidOf),
    owner: uuidOrNull(ownerUserId),
    by: uuidOrNull(createdBy),
    at: createdAt,
  }
}
