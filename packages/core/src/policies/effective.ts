import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery, type TargetFinder } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import { anyOf, granted, owner, type Target } from '../kernel/rule.ts'
import { organizationTarget, type OrganizationId } from '../organizations/index.ts'
import { existingUser, type UserId, namedOrOwnAccountTarget, namedUserOrCaller } from '../users/index.ts'
import { policiesHeldBy, policiesHeldIn } from './limits.ts'
import { effectiveLimits } from './rules.ts'
import { policiesSignatures } from './signatures.ts'

interface NamesLimited {
  readonly userId?: UserId | undefined
  readonly organizationId?: OrganizationId | undefined
}

/** An organization, a user, or the caller. */
const limitedTarget = {
  type: 'user or organization',
  find(em: SqlEntityManager, { organizationId, ...input }: NamesLimited, actor: Actor): Promise<Target | null | undefined> {
    return organizationId === undefined ? namedOrOwnAccountTarget.find(em, input, actor) : organizationTarget.find(em, { organizationId })
  },
} satisfies TargetFinder<NamesLimited>

export const effectivePolicy = defineQuery(policiesSignatures.effective, {
  allow: anyOf(granted, owner),
  target: limitedTarget,
  async handle({ open, actor, settings }, { organizationId, ...input }) {
    const em = await open()
    if (organizationId !== undefined) return { limits: [...effectiveLimits(await policiesHeldIn(em, organizationId), settings)] }
    const userId = namedUserOrCaller(actor, input)
    await existingUser(em, userId)
    return { limits: [...effectiveLimits(await policiesHeldBy(em, userId), settings)] }
  },
})
