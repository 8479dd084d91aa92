import type { SqlEntityManager } from '@mikro-orm/sql'
import { loadScopes, targetInScope } from '../access/index.ts'
import { ownerPermissions } from '../grants/index.ts'
import type { TargetFinder } from '../kernel/action.ts'
import { callerId, type Actor, type Principal } from '../kernel/actor.ts'
import type { Grants } from '../kernel/grants.ts'
import { uuidOf } from '../kernel/id.ts'
import type { Target } from '../kernel/rule.ts'
import { organizationTarget, type OrganizationId } from '../organizations/index.ts'
import type { UserId } from '../users/index.ts'
import type { ResourceId } from './model.ts'

/** Finds a resource, with the caller's grants on it. */
export const resourceTarget = {
  type: 'resource',
  find: (em: SqlEntityManager, { resourceId }: { resourceId: ResourceId }, actor: Actor) => targetOf(em, resourceId, actor),
} satisfies TargetFinder<{ resourceId: ResourceId }>

/**
 * Locks the resource before the caller's grants are loaded, so that of two concurrent transfers the second is denied. Outside of the
 * transaction nothing is locked: whoever asks there does not wait.
 */
export const changedResourceTarget = {
  ...resourceTarget,
  async find(em: SqlEntityManager, { resourceId }: { resourceId: ResourceId }, actor: Actor): Promise<Target | null> {
    if (em.isInTransaction()) await em.execute('select 1 from resources where id = ? for update', [uuidOf(resourceId)])
    return targetOf(em, resourceId, actor)
  },
} satisfies TargetFinder<{ resourceId: ResourceId }>

interface TargetOptions {
  /** The organization it has to be in, if one was named. */
  readonly organizationId?: OrganizationId | undefined
  /** The only action that the caller wants to do. */
  readonly action?: string
}

/** A resource as a target; null: it does not exist, or not in the named organization. */
export async function targetOf(
  em: SqlEntityManager,
  resourceId: ResourceId,
  actor: Actor,
  asked: TargetOptions = {},
): Promise<Target | null> {
  const place = (await loadScopes(em, [resourceId])).get(resourceId)
  if (place === undefined || (asked.organizationId !== undefined && place.organizationId !== asked.organizationId)) return null
  const { organizationId, path } = place
  const touched = { type: 'resource', id: resourceId, visibleWith: 'resources.get' }
  // A caller with the permission in the whole organization needs no grants on the resource.
  const may = asked.action !== undefined && actor.kind === 'user' && actor.principal.grants.allows(asked.action, organizationId)
  return may ? { ...touched, organizationId, path, userId: null } : targetInScope(em, place, actor, touched)
}

/** A user's grants on their own resources outside of organizations, within the limits of the credential. */
export function grantsOnOwned({ userId, grants }: Principal): Grants {
  return grants.withSameLimits([{ organizationId: null, scopeId: userId, permissions: ownerPermissions }])
}

interface NamesLocation {
  readonly parentId?: ResourceId | undefined
  readonly organizationId?: OrganizationId | undefined
  readonly ownerUserId?: UserId | undefined
}

/** Finds where an action wants to register a resource: inside another one, in an organization, or among a user's own. */
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

/** Full users can add to their own resources; anonymous users own nothing. */
function ownTarget(userId: UserId, actor: Actor): Target {
  const target = { type: 'user', id: userId, organizationId: null, visibleWith: 'users.get', path: [userId] }
  if (actor.kind !== 'user' || actor.principal.userId !== userId) return { ...target, userId: null }
  return { ...target, userId, ...(actor.principal.roles.includes('user') && { resourceGrants: grantsOnOwned(actor.principal) }) }
}
