import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery, type TargetFinder } from '../kernel/action.ts'
import { callerId, type Actor, type Principal } from '../kernel/actor.ts'
import { notFound } from '../kernel/errors.ts'
import { uuidOf, uuidOrNull, uuidsOf } from '../kernel/id.ts'
import { cutPage, openCursor } from '../kernel/page.ts'
import { anyOf, credentialRule, granted, type Target } from '../kernel/rule.ts'
import { escapeLike } from '../text/index.ts'
import { organizationTarget, type OrganizationId } from '../organizations/index.ts'
import type { UserId } from '../users/index.ts'
import type { ResourceId } from './model.ts'
import { countResources, selectResources, type Condition } from './repository.ts'
import { resourcesSignatures } from './signatures.ts'
import { grantsOnOwned, targetOf } from './targets.ts'

interface Filters {
  readonly organizationId?: OrganizationId | undefined
  readonly ownerUserId?: UserId | undefined
  readonly type?: string | undefined
  readonly parentId?: ResourceId | undefined
  readonly within?: ResourceId | undefined
  readonly search?: string | undefined
}

const { name: action } = resourcesSignatures.list

/** What to list: inside a resource, in an organization, or owned by a user; by default everything. */
const listedTarget = {
  type: 'place',
  async find(em: SqlEntityManager, { parentId, within, organizationId, ownerUserId }: Filters, actor: Actor) {
    const outer = parentId ?? within
    if (outer !== undefined) return targetOf(em, outer, actor, { organizationId, action })
    if (organizationId !== undefined) return organizationTarget.find(em, { organizationId })
    return ownerUserId === undefined || ownerUserId === callerId(actor) ? undefined : ownerTarget(ownerUserId)
  },
} satisfies TargetFinder<Filters>

function ownerTarget(userId: UserId): Target {
  return { type: 'user', id: userId, organizationId: null, userId: null, visibleWith: 'users.get' }
}

/** Everybody sees the resources they own: outside of organizations, and in those where they are a member. */
const ownResources = credentialRule(
  'anybody who is signed in, for what they own',
  ({ actor, input }) => actor.kind === 'user' && asksForOwn(actor.principal, input as Filters),
)

function asksForOwn({ userId, memberships }: Principal, { parentId, within, organizationId, ownerUserId }: Filters): boolean {
  if (parentId !== undefined || within !== undefined) return false
  if (ownerUserId !== undefined && ownerUserId !== userId) return false
  return organizationId === undefined || memberships.some((membership) => membership.organizationId === organizationId)
}

export const listResources = defineQuery(resourcesSignatures.list, {
  allow: anyOf(granted, ownResources),
  aboutCredential: true,
  target: listedTarget,
  async handle({ open, ports, actor }, { limit, cursor, total, ...filters }) {
    const own = ownOnly(actor, filters)
    const viewer = own === null ? (filters.parentId ?? filters.within ?? filters.organizationId ?? 'everywhere') : own.userId
    const scope = { action, filters: { ...filters, own: own !== null }, viewer }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    await checkNames(em, filters)
    const which = every([...conditionsOf(filters), ...(own === null ? [] : [ownedBy(own)])])
    const behind = position === null ? [] : [{ sql: 'r.id > ?', parameters: [uuidOf(String(position[0]))] }]
    const rows = await selectResources(em, every([which, ...behind]), limit + 1)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ id }) => [id] })
    return { items: [...shown], nextCursor, total: total ? await countResources(em, which) : null }
  },
})

/** The caller, if they see only what they own there; null: they see everything. */
function ownOnly(actor: Actor, { parentId, within, organizationId }: Filters): Principal | null {
  if (actor.kind !== 'user' || parentId !== undefined || within !== undefined) return null
  return actor.principal.grants.allows(action, organizationId ?? null) ? null : actor.principal
}

/** An actor who may see everything gets here even if the named things do not exist. */
async function checkNames(em: SqlEntityManager, { parentId, within, organizationId, ownerUserId }: Filters): Promise<void> {
  const outer = parentId ?? within
  const organization = uuidOrNull(organizationId)
  const [row] = await em.execute<{ outer: boolean; organization: boolean; owner: boolean }[]>(
    `with given as (select ?::uuid as outer_id, ?::uuid as organization_id, ?::uuid as owner_id)
      select outer_id is null or exists (select 1 from resources r where r.id = outer_id and r.deleted_at is null) as outer,
        organization_id is null or exists (select 1 from organizations o where o.id = organization_id) as organization,
        owner_id is null or exists (select 1 from users u where u.id = owner_id and (organization_id is null
          or exists (select 1 from memberships m where m.organization_id = given.organization_id and m.user_id = owner_id)
          or exists (select 1 from resources r where r.organization_id = given.organization_id and r.owner_user_id = owner_id))) as owner
      from given`,
    [uuidOrNull(outer), organization, uuidOrNull(ownerUserId)],
  )
  if (row?.outer !== true) throw notFound({ type: 'resource' })
  if (!row.organization) throw notFound({ type: 'organization' })
  if (!row.owner) throw notFound({ type: 'user' })
}

function conditionsOf({ organizationId, ownerUserId, type, parentId, within, search }: Filters): readonly Condition[] {
  const when = (sql: string, ...parameters: readonly unknown[]) => ({ sql, parameters })
  const outer = parentId ?? within
  const pattern = search === undefined ? '' : `${escapeLike(search)}%`
  return [
    ...(organizationId === undefined ? [] : [when('r.organization_id = ?', uuidOf(organizationId))]),
    ...(ownerUserId === undefined ? [] : [when('r.owner_user_id = ?', uuidOf(ownerUserId))]),
    ...(type === undefined ? [] : [when('r.type = ?', type)]),
    ...(outer === undefined ? [] : [when('r.path @> ?::uuid[] and r.id <> ?', uuidsOf([outer]), uuidOf(outer))]),
    ...(parentId === undefined ? [] : [when('r.parent_id = ?', uuidOf(parentId))]),
    ...(search === undefined ? [] : [when('lower(r.name) like lower(?) or lower(r.key) like lower(?)', pattern, pattern)]),
  ]
}

/** Ownership in an organization counts only for members; a credential for one organization shows nothing outside of it. */
function ownedBy(principal: Principal): Condition {
  const { userId, memberships } = principal
  const outside = grantsOnOwned(principal).allows(action, null, [userId]) ? 'r.organization_id is null or ' : ''
  return {
    sql: `r.owner_user_id = ? and (${outside}r.organization_id = any(?::uuid[]))`,
    parameters: [uuidOf(userId), uuidsOf(memberships.map(({ organizationId }) => organizationId))],
  }
}

function every(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: 'true', parameters: [] }
  return { sql: conditions.map(({ sql }) => `(${sql})`).join(' and '), parameters: conditions.flatMap(({ parameters }) => parameters) }
}
