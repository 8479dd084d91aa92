import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import { anyOf, granted, owner, type Rule, type Target } from '../kernel/rule.ts'
import { type UserId, accountTarget, overAccount, namedUserOrCaller, withAccountGrants } from '../users/index.ts'
import { noOwner } from './errors.ts'
import type { TokenId } from './model.ts'
import { findToken } from './repository.ts'

interface NamesToken {
  readonly tokenId: TokenId
}

/** Who may see tokens: their user, and those with the permission where the account is managed. */
export const overTokens: Rule = anyOf(owner, granted)

/** Who may create and revoke tokens: as above, but not for a user with more permissions. */
export const overChanges: Rule = anyOf(owner, overAccount)

/**
 * An API token belongs to its user, and to the organization that
 * manages the account, unless it acts in another organization.
 */
export const tokenTarget = {
  type: 'token',
  async find(em: SqlEntityManager, { tokenId }: NamesToken): Promise<Target | null> {
    const token = await findToken(em, tokenId)
    const account = token === null ? null : await accountTarget.find(em, { userId: token.userId })
    if (token === null || account === null) return null
    const elsewhere = token.organizationId !== null && token.organizationId !== account.organizationId
    return { ...account, type: 'token', id: tokenId, organizationId: elsewhere ? null : account.organizationId, visibleWith: 'tokens.get' }
  },
} satisfies TargetFinder<NamesToken>

/** As above, to change the token: with the grants of its user. */
export const changedTokenTarget = {
  type: 'token',
  async find(em: SqlEntityManager, input: NamesToken): Promise<Target | null> {
    return withAccountGrants(em, await tokenTarget.find(em, input))
  },
} satisfies TargetFinder<NamesToken>

/** The user who is meant. */
export function namedOwnerOrCaller(actor: Actor, input: { readonly userId?: UserId | undefined }): UserId {
  const userId = namedUserOrCaller(actor, input)
  if (userId === null) throw noOwner({})
  return userId
}
