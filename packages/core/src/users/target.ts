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

/** The user that a query is about, with the organization that manages the account, if one does. */
export const accountTarget = {
  type: 'user',
  async find(em: SqlEntityManager, { userId }: NamesUser): Promise<Target | null> {
    const user = await em.findOne(UserRow, { id: userId })
    return user === null ? null : targetOf(user, await managingOrganization(em, user))
  },
} satisfies TargetFinder<NamesUser>

/** The user that a command changes: its row is locked first, and its grants are loaded, because nobody acts on an account with more permissions. */
export const changedAccountTarget = {
  type: 'user',
  locks: ({ userId }: NamesUser) => [userId],
  async find(em: SqlEntityManager, input: NamesUser): Promise<Target | null> {
    return withAccountGrants(em, await accountTarget.find(em, input))
  },
} satisfies TargetFinder<NamesUser>

/** A target, with the grants of the user whose it is. */
export async function withAccountGrants(em: SqlEntityManager, target: Target | null): Promise<Target | null> {
  if (target === null || target.userId === null) return null
  return { ...target, accountGrants: await loadGrants(em, target.userId, target.organizationId) }
}

/**
 * The user that a command gives somebody a way into: with its grants in all organizations, because whoever gets in has them all,
 * whichever organization manages the account.
 */
export const controlledAccountTarget = {
  ...changedAccountTarget,
  async find(em: SqlEntityManager, input: NamesUser): Promise<Target | null> {
    const target = await accountTarget.find(em, input)
    return target === null ? null : { ...target, accountGrants: await loadGrants(em, input.userId, 'everywhere') }
  },
} satisfies TargetFinder<NamesUser>

/** The user that a patch is for: whoever sets the address can have a way in mailed there. */
export const patchedAccountTarget = {
  ...changedAccountTarget,
  find: (em: SqlEntityManager, { email, ...input }: NamesUser & { readonly email?: string | null | undefined }) =>
    (email === undefined ? changedAccountTarget : controlledAccountTarget).find(em, input),
} satisfies TargetFinder<NamesUser>

/** The caller's own account, for actions on oneself: its row is locked first. The operator of the machine has none. */
export const ownAccountTarget = {
  type: 'user',
  locks: (_input: unknown, actor: Actor) => (actor.kind === 'user' ? [actor.principal.userId] : []),
  async find(em: SqlEntityManager, _input: unknown, actor: Actor): Promise<Target | null | undefined> {
    return actor.kind === 'user' ? accountTarget.find(em, { userId: actor.principal.userId }) : undefined
  },
} satisfies TargetFinder<unknown>

/**
 * For what ends the caller's own credential: there is no target, but the caller is locked first. So none of their commands is under
 * way, and none of them commits after the answer.
 */
export const callerLocked = {
  type: 'user',
  names: () => false,
  locks: ownAccountTarget.locks,
  find: async () => undefined,
} satisfies TargetFinder<unknown>

interface MayNameUser {
  readonly userId?: UserId | undefined
}

/** The named user, or the caller. null: the caller is the operator of the machine, who has no account. */
export function namedUserOrCaller(actor: Actor, { userId }: MayNameUser): UserId | null {
  return userId ?? callerId(actor)
}

/** The account whose sessions or tokens are meant: the named user's, or the caller's own. */
export const namedOrOwnAccountTarget = {
  type: 'user',
  async find(em: SqlEntityManager, input: MayNameUser, actor: Actor): Promise<Target | null | undefined> {
    const userId = namedUserOrCaller(actor, input)
    return userId === null ? undefined : accountTarget.find(em, { userId })
  },
} satisfies TargetFinder<MayNameUser>

/** As above, for commands: the user's row is locked first, so that concurrent calls do not count the same rows. */
export const changedNamedOrOwnAccountTarget = {
  type: 'user',
  locks(input: MayNameUser, actor: Actor): readonly UserId[] {
    const userId = namedUserOrCaller(actor, input)
    return userId === null ? [] : [userId]
  },
  async find(em: SqlEntityManager, input: MayNameUser, actor: Actor): Promise<Target | null | undefined> {
    const userId = namedUserOrCaller(actor, input)
    return userId === null ? undefined : changedAccountTarget.find(em, { userId })
  },
} satisfies TargetFinder<MayNameUser>

/** Who may change an account: who has the permission where it is managed, and all permissions that the account has. */
export const overAccount = allOf(granted, notBelow)

function targetOf({ id }: UserRow, organizationId: Target['organizationId']): Target {
  return { type: 'user', id, organizationId, userId: id, isAccount: true, visibleWith: 'users.get' }
}

/** A user with the fields that the caller may see: private metadata only for those who may change the user. */
export function visibleUser(actor: Actor, user: Account, organizationId: Target['organizationId']): ManagedUser {
  return { ...user, privateMetadata: seesAllFields(actor, organizationId) ? user.privateMetadata : null }
}

/** Whether the caller may change the users whom an organization manages (null: all users), and so sees all their fields. */
export function seesAllFields(actor: Actor, organizationId: Target['organizationId']): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allows('users.update', organizationId))
}
