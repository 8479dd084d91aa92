import type { SqlEntityManager } from '@mikro-orm/sql'
import { loadGrants, organizationRoles } from '../../grants/index.ts'
import type { TargetFinder } from '../../kernel/action.ts'
import type { Target } from '../../kernel/rule.ts'
import { MembershipRow } from '../../organizations/entity.ts'
import { type UserId, accountTarget, changedAccountTarget } from '../../users/index.ts'

interface NamesUser {
  readonly userId: UserId
}

/** The user to impersonate, with its grants in all organizations: nobody impersonates a user with more permissions. */
export const impersonatedTarget = {
  type: 'user',
  locks: (input: NamesUser) => changedAccountTarget.locks(input),
  async find(em: SqlEntityManager, input: NamesUser): Promise<Target | null> {
    const target = await accountTarget.find(em, input)
    if (target === null) return null
    const memberships = await em.find(MembershipRow, { userId: input.userId })
    const inOrganizations = memberships.map(({ organizationId, role }) => ({
      organizationId,
      permissions: organizationRoles[role].permissions,
    }))
    return { ...target, accountGrants: [...(await loadGrants(em, input.userId, null)), ...inOrganizations] }
  },
} satisfies TargetFinder<NamesUser>
