import type { SqlEntityManager } from '@mikro-orm/sql'
import { findResources, targetInScope } from '../access/index.ts'
import { ownerPermissions } from '../grants/index.ts'
import type { TargetFinder } from '../kernel/action.ts'
import { callerId, type Actor, type Principal } from '../kernel/actor.ts'
import type { Grants } from '../kernel/grants.ts'
import { uuidOf } from '../kernel/id.ts'
import type { Target } from '../kernel/rule.ts'
import { organizationTarget, type OrganizationId } from '../organizations/index.ts'
import type { UserId } from '../users/index.ts'
import type { ResourceId } from './model.ts'

/** How every action finds the resource it is about, with what its caller holds there. */
export const resourceTarget = {
  type: 'resource',
  find: (em: SqlEntityManager, { resourceId }: { resourceId: ResourceId }, actor: Actor) => targetOf(em, resourceId, actor),
} satisfies TargetFinder<{ resourceId: ResourceId }>

/**
 * The same, locked first: what its caller holds there is read when nobody can hand it over or delete it any
 * more, so that who gives it away twice at once is refused the second time.
 */
export const changedResourceTarget = {
  ...resourceTarget,
  async find(em: SqlEntityManager, { resourceId }: { resourceId: ResourceId }, actor: Actor): Promise<Target | null> {
    await em.execute('select 1 from resources where id = ? for update', [uuidOf(resourceId)])
    return targetOf(em, resourceId, actor)
  },
} satisfies TargetFinder<{ resourceId: ResourceId }>

interface TargetOptions {
  /** Where it has to be, if that was named with it. */
  readonly organizationId?: OrganizationId | undefined
  /** What is all that the caller wants to do there. */
  readonly action?: string
}

/** A resource as a target; null: it is not there, or not in the organization that was named with it. */
export async function targetOf(
  em: SqlEntityManager,
  resourceId: ResourceId,
  actor: Actor,
  asked: TargetOptions = {},
): Promise<Target | null> {
  const place = (await findResources(em, [resourceId])).get(resourceId)
  if (place === undefined || (asked.organizationId !== undefined && place.organizationId !== asked.organizationId)) return null
  const { organizationId, path } = place
  const touched = { type: 'resource', id: resourceId, visibleWith: 'resources.get' }
  // What is held on the resource is not read for whoever may do it in all of the organization.
  const may = asked.action !== undefined && actor.kind === 'user' && actor.principal.grants.allows(asked.action, organizationId)
  return may ? { ...touched, organizationId, path, userId: null } : targetInScope(em, place, actor, touched)
}

/** What a user holds on all that is their own, outside every organization, by the credential that they show. */
export function grantsOnOwned({ userId, grants }: Principal): Grants {
  return grants.withSameLimits([{ organizationId: null, scopeId: userId, permissions: ownerPermissions }])
}

interface NamesLocation {
  readonly parentId?: ResourceId | undefined
  readonly organizationId?: OrganizationId | undefined
  readonly ownerUserId?: UserId | undefined
}

/** Where a resource is to be registered by an action: inside another one, in an organization, or among what a user has outside of them. */
export const locationTarget = (action: string) =>
  ({
    type: 'place',
    async find(em: SqlEntityManager, { parentId, organizationId, ownerUserId }: NamesLocation, actor: Actor) {
      if (parentId !== undefined) return targetOf(em, parentId, actor, { organizationId, action })
      if (organizationId !== undefined) return organizationTarget.find(em, { organizationId })
      const userId = ownerUserId ?? callerId(actor)
      return userId === null ? undefined : ownTarget(userId, actor)
    },
  }) satisfies TargetFinder<NamesLocation>

/** What a user has is theirs to add to, if they are a full user: whoever has not said who they are owns nothing. */
function ownTarget(userId: UserId, actor: Actor): Target {
  const target = { type: 'user', id: userId, organizationId: null, visibleWith: 'users.get', path: [userId] }
  if (actor.kind !== 'user' || actor.principal.userId !== userId) return { ...target, userId: null }
  return { ...target, userId, ...(actor.principal.roles.includes('user') && { resourceGrants: grantsOnOwned(actor.principal) }) }
}
