import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery, type TargetFinder } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import { cutPage, openCursor } from '../kernel/page.ts'
import { anyOf, granted, grantedEverywhere, owner, type Target } from '../kernel/rule.ts'
import { organizationTarget, type OrganizationId } from '../organizations/index.ts'
import { existingUser, type UserId, namedOrOwnAccountTarget, namedUserOrCaller } from '../users/index.ts'
import { PolicyRow } from './entity.ts'
import { policiesHeldBy, policiesHeldIn } from './limits.ts'
import { effectiveLimits } from './rules.ts'
import { existingPolicy, countAssigned, shownPolicy } from './repository.ts'
import { policiesSignatures } from './signatures.ts'

export const getPolicy = defineQuery(policiesSignatures.get, {
  allow: grantedEverywhere,
  async handle({ open }, { policyId }) {
    const em = await open()
    const policy = await existingPolicy(em, policyId)
    return { ...shownPolicy(policy), ...(await countAssigned(em, policy)) }
  },
})

export const listPolicies = defineQuery(policiesSignatures.list, {
  allow: grantedEverywhere,
  async handle({ open, ports }, { limit, cursor, total }) {
    const scope = { action: policiesSignatures.list.name, filters: {}, viewer: 'everywhere' }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    const after = position === null ? {} : { name: { $gt: String(position[0]) } }
    const rows = await em.find(PolicyRow, after, { orderBy: { name: 'asc' }, limit: limit + 1 })
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ name }) => [name] })
    return { items: shown.map(shownPolicy), nextCursor, total: total ? await em.count(PolicyRow) : null }
  },
})

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
