import type { SqlEntityManager } from '@mikro-orm/sql'
import { loadScopes } from '../access/index.ts'
import { ownerPermissions } from '../grants/index.ts'
import { defineCommand } from '../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { allOf, granted, holdsAt, rule } from '../kernel/rule.ts'
import { isMember, type OrganizationId } from '../organizations/index.ts'
import { isActing, UserRow, type UserId } from '../users/index.ts'
import type { ResourceId } from './model.ts'
import { inNoOrganization, insideAnother } from './errors.ts'
import { countByType } from './rules.ts'
import { changeOwner } from './ownership.ts'
import { reserveQuota, type Owner } from './quota.ts'
import { lockMember, lockCommonOrganization, lockResource, lockTree, shownResource, type LockedResource } from './repository.ts'
import { resourcesSignatures } from './signatures.ts'
import { changedResourceTarget } from './targets.ts'

/** Whoever makes somebody the owner grants all of an owner's permissions, and has to hold them. */
const holdsWhatOwnersHold = rule(
  'who holds themselves all that an owner does',
  ({ actor, target }) => target === null || holdsAt(actor, ownerPermissions, target),
)

export const transferResource = defineCommand(resourcesSignatures.transfer, {
  allow: allOf(granted, holdsWhatOwnersHold),
  takesPrecedence: 'inOrganization',
  target: changedResourceTarget,
  prepare: reachableOwner,
  keeps: (reachable) => (reachable === null ? [] : [reachable]),
  async handle(context, { resourceId, toUserId = null }, reachable) {
    const { em } = context
    const before = await lockResource(em, resourceId, 'update')
    const owner = await newOwner(context, before, { toUserId, reachable })
    if (toUserId === before.ownerUserId) return { resource: await shownResource(em, resourceId), transferred: 0 }
    const moved = before.organizationId === null ? await lockTree(em, resourceId) : [before]
    await reserveQuota(em, owner, countByType(moved))
    await changeOwner(context, moved, toUserId)
    context.note({ changes: { ownerUserId: [before.ownerUserId, toUserId], transferred: moved.length } })
    // The former owner loses permissions on it and everything inside.
    context.invalidate(resourceId, { when: 'now' })
    return { resource: await shownResource(em, resourceId), transferred: moved.length }
  },
})

/** The named owner, if the caller may transfer to them: nobody else's lock is taken, so nobody is held up by strangers. */
async function reachableOwner(
  { reader, ...context }: PrepareContext,
  { resourceId, toUserId }: { readonly resourceId: ResourceId; readonly toUserId?: UserId | undefined },
): Promise<UserId | null> {
  const place = (await loadScopes(reader, [resourceId])).get(resourceId)
  if (place === undefined || toUserId === undefined) return null
  const { organizationId } = place
  const isReachable =
    organizationId === null ? mayHandTo({ em: reader, ...context }, toUserId) : isMember(reader, { userId: toUserId, organizationId })
  return (await isReachable) ? toUserId : null
}

interface Successor {
  readonly toUserId: UserId | null
  /** Whom the caller could transfer to before the transaction: they are locked. */
  readonly reachable: UserId | null
}

/**
 * The new owner. In an organization: the organization itself, or a member, locked as one. Outside: an active user whom the caller may
 * transfer to.
 */
async function newOwner(context: CommandContext, before: LockedResource, { toUserId, reachable }: Successor): Promise<Owner> {
  const { em } = context
  const { organizationId, path } = before
  if (organizationId !== null) return ownerIn(em, organizationId, { toUserId, reachable })
  if (toUserId === null) throw inNoOrganization({})
  if (path.length > 1) throw insideAnother({})
  if (toUserId === before.ownerUserId) return { userId: toUserId }
  const user = await em.findOne(UserRow, { id: toUserId })
  const isReachable = toUserId === reachable && (await mayHandTo(context, toUserId))
  if (user === null || !isActing(user.status) || user.kind === 'anonymous' || !isReachable) throw notFound({ type: 'user' })
  return { userId: toUserId }
}

/**
 * Outside of organizations the new owner is not asked, and the resource counts against their limits. So the caller has to share an
 * organization with them, or have the permission everywhere. An organization that everybody joins at open sign-up does not
 * count.
 */
async function mayHandTo({ em, actor, settings }: Pick<CommandContext, 'em' | 'actor' | 'settings'>, toUserId: UserId): Promise<boolean> {
  if (actor.kind !== 'user') return actor.kind === 'system'
  const { userId, grants } = actor.principal
  if (userId === toUserId || grants.allowsEverywhere(resourcesSignatures.transfer.name)) return true
  return lockCommonOrganization(em, [userId, toUserId], settings.signUp === 'open' ? settings.defaultOrganization : null)
}

async function ownerIn(em: SqlEntityManager, organizationId: OrganizationId, { toUserId, reachable }: Successor): Promise<Owner> {
  if (toUserId === null) return { organizationId }
  if (toUserId !== reachable) throw notFound({ type: 'member' })
  await lockMember(em, organizationId, toUserId)
  return { userId: toUserId }
}
