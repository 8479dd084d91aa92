import type { SqlEntityManager } from '@mikro-orm/sql'
import { loadGrants } from '../grants/index.ts'
import type { TargetFinder } from '../kernel/action.ts'
import { callerId, type Actor } from '../kernel/actor.ts'
import type { Target } from '../kernel/rule.ts'
import { allOf, granted, notBelow } from '../kernel/rule.ts'
import { UserRow } from './entity.ts'
import { managingOrganization } from './management.ts'
import type { Account, ManagedUser, UserId } from './model.ts'

interface NamesUser {
  readonly userId: UserId
}

/** How every action that reads finds the user it is about: with the organization that manages the account, if one does. */
export const accountTarget = {
  type: 'user',
  async find(em: SqlEntityManager, { userId }: NamesUser): Promise<Target | null> {
    const user = await em.findOne(UserRow, { id: userId })
    return user === null ? null : targetOf(user, await managingOrganization(em, user))
  },
} satisfies TargetFinder<NamesUser>

/** The same for actions that change the user: its row is locked first, and what it holds is looked at, for nobody acts on somebody above them. */
export const changedAccountTarget = {
  type: 'user',
  locks: ({ userId }: NamesUser) => [userId],
  async find(em: SqlEntityManager, input: NamesUser): Promise<Target | null> {
    const target = await accountTarget.find(em, input)
    return target === null ? null : { ...target, accountGrants: await loadGrants(em, input.userId, target.organizationId) }
  },
} satisfies TargetFinder<NamesUser>

/** How actions on oneself find the caller's account: its row is locked first. The operator of the machine has none. */
export const ownAccountTarget = {
  type: 'user',
  locks: (_input: unknown, actor: Actor) => (actor.kind === 'user' ? [actor.principal.userId] : []),
  async find(em: SqlEntityManager, _input: unknown, actor: Actor): Promise<Target | null | undefined> {
    return actor.kind === 'user' ? accountTarget.find(em, { userId: actor.principal.userId }) : undefined
  },
} satisfies TargetFinder<unknown>

interface MayNameUser {
  readonly userId?: UserId | undefined
}

/** Who is meant: whoever is named, else the caller. null: nobody, for the operator of the machine has no account. */
export function userMeant(actor: Actor, { userId }: MayNameUser): UserId | null {
  return userId ?? callerId(actor)
}

/** How actions find the account whose sessions or tokens are meant: one's own where nobody is named. */
export const meantAccountTarget = {
  type: 'user',
  async find(em: SqlEntityManager, input: MayNameUser, actor: Actor): Promise<Target | null | undefined> {
    const userId = userMeant(actor, input)
    return userId === null ? undefined : accountTarget.find(em, { userId })
  },
} satisfies TargetFinder<MayNameUser>

/** The same for actions that change what the user has: its row is locked first, so that no two callers count the same. */
export const changedMeantAccountTarget = {
  type: 'user',
  locks(input: MayNameUser, actor: Actor): readonly UserId[] {
    const userId = userMeant(actor, input)
    return userId === null ? [] : [userId]
  },
  async find(em: SqlEntityManager, input: MayNameUser, actor: Actor): Promise<Target | null | undefined> {
    const userId = userMeant(actor, input)
    return userId === null ? undefined : changedAccountTarget.find(em, { userId })
  },
} satisfies TargetFinder<MayNameUser>

/** Who may change somebody's account: whoever was granted it where the account is managed, and is not below its owner. */
export const overAccount = allOf(granted, notBelow)

function targetOf({ id }: UserRow, organizationId: Target['organizationId']): Target {
  return { type: 'user', id, organizationId, userId: id, visibleWith: 'users.get' }
}

/** A user as the caller may see it: what applications keep about it is for those who may change it. */
export function shownTo(actor: Actor, user: Account, organizationId: Target['organizationId']): ManagedUser {
  return { ...user, privateMetadata: seesWhole(actor, organizationId) ? user.privateMetadata : null }
}

/** Whether the caller may change the users whom an organization manages (null: all of them), and so sees all of them. */
export function seesWhole(actor: Actor, organizationId: Target['organizationId']): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allows('users.update', organizationId))
}
