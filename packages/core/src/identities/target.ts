import type { SqlEntityManager } from '@mikro-orm/sql'
import { loadGrants } from '../grants/index.ts'
import { accountTarget } from '../users/index.ts'
import type { TargetFinder } from '../kernel/action.ts'
import type { Target } from '../kernel/rule.ts'
import { IdentityRow } from './entity.ts'
import type { IdentityId } from './model.ts'

/** An identity: whoever manages its user's account may take it away, unless they are below them. */
export const identityTarget = {
  type: 'identity',
  async find(em: SqlEntityManager, { identityId }: { readonly identityId: IdentityId }): Promise<Target | null> {
    const identity = await em.findOne(IdentityRow, { id: identityId }, { disableIdentityMap: true })
    const account = identity === null ? null : await accountTarget.find(em, { userId: identity.userId })
    if (identity === null || account === null) return null
    const { userId, organizationId } = account
    const accountGrants = await loadGrants(em, identity.userId, organizationId)
    return { type: 'identity', id: identity.id, organizationId, userId, visibleWith: 'identities.list', accountGrants }
  },
} satisfies TargetFinder<{ readonly identityId: IdentityId }>
