import type { SqlEntityManager } from '@mikro-orm/sql'
import { loadGrants } from '../grants/index.ts'
import type { TargetFinder } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import { uuidOf } from '../kernel/id.ts'
import type { Target } from '../kernel/rule.ts'
import { type UserId, isManaged } from '../users/index.ts'
import type { MembershipRole, OrganizationId, OrganizationStatus } from './model.ts'

interface NamesMember {
  readonly organizationId: OrganizationId
  readonly userId: UserId
}

/**
 * How a member is found, its user locked: that keeps the membership as it is. It
 * belongs to the member, so that anybody may leave, as long as they are in the
 * organization at all; and it holds all that the member may do there, so that nobody
 * acts on somebody above them.
 */
export const memberTarget = {
  type: 'member',
  locks: ({ userId }: NamesMember) => [userId],
  async find(em: SqlEntityManager, { organizationId, userId }: NamesMember): Promise<Target | null> {
    const found = await findMember(em, organizationId, userId)
    if (found === null) return null
    // By the membership, and by whatever else they were given there. What they hold elsewhere is nobody's business here.
    const accountGrants = (await loadGrants(em, userId, organizationId)).filter((holding) => holding.organizationId === organizationId)
    const owner = found.status === 'active' ? userId : null
    return { ...member(organizationId, userId), userId: owner, accountGrants }
  },
} satisfies TargetFinder<NamesMember>

interface NamesSuccessor {
  readonly organizationId: OrganizationId
  readonly toUserId: UserId
  readonly fromUserId?: UserId | undefined
}

/** How whoever gets an organization is found: a member of it. Both users are locked. */
export const successorTarget = {
  type: 'member',
  locks: ({ toUserId, fromUserId }: NamesSuccessor, actor: Actor) =>
    fromUserId !== undefined ? [toUserId, fromUserId] : actor.kind === 'user' ? [toUserId, actor.principal.userId] : [toUserId],
  async find(em: SqlEntityManager, { organizationId, toUserId }: NamesSuccessor): Promise<Target | null> {
    const found = await findMember(em, organizationId, toUserId)
    return found === null ? null : member(organizationId, toUserId)
  },
} satisfies TargetFinder<NamesSuccessor>

function member(organizationId: OrganizationId, userId: UserId): Target {
  return { type: 'member', id: userId, organizationId, userId: null, visibleWith: 'organizations.listMembers' }
}

interface FoundMember {
  readonly role: MembershipRole
  readonly status: OrganizationStatus
}

async function findMember(em: SqlEntityManager, organizationId: OrganizationId, userId: UserId): Promise<FoundMember | null> {
  const [row] = await em.execute<FoundMember[]>(
    `select m.role, o.status from memberships m join organizations o on o.id = m.organization_id
      where m.organization_id = ? and m.user_id = ?`,
    [uuidOf(organizationId), uuidOf(userId)],
  )
  return row ?? null
}

/**
 * How somebody who is to become a member is found. An organization knows of the
 * users that it manages, and of its members; anybody else is there only for whoever
 * may add members everywhere.
 */
export const candidateTarget = {
  type: 'user',
  locks: ({ userId }: NamesMember) => [userId],
  async find(em: SqlEntityManager, { organizationId, userId }: NamesMember): Promise<Target | null> {
    const [id, user] = [uuidOf(organizationId), uuidOf(userId)]
    const [row] = await em.execute<{ known: boolean }[]>(
      `select o.id is not null as known from users u left join organizations o on o.id = ? and o.status = 'active'
          and (${isManaged} or exists (select 1 from memberships m where m.organization_id = o.id and m.user_id = u.id))
        where u.id = ?`,
      [id, id, user],
    )
    if (row === undefined) return null
    return { type: 'user', id: userId, organizationId: row.known ? organizationId : null, userId: null, visibleWith: 'users.get' }
  },
} satisfies TargetFinder<NamesMember>
