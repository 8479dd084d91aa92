import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery } from '../../kernel/action.ts'
import { notFound } from '../../kernel/errors.ts'
import { uuidOf } from '../../kernel/id.ts'
import { nextCursorOf, openCursor, type Position } from '../../kernel/page.ts'
import { granted } from '../../kernel/rule.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { optionalOrganizationTarget, organizationTarget } from '../../organizations/index.ts'
import { unusedGrants, type ReviewQuery } from './grants.ts'
import { unusedRoles, unusedTokens, usesRecordedSince } from './repository.ts'
import { type ReviewItem, type ReviewKind, reviewSignatures } from './signatures.ts'

const day = 86_400_000

export const reviewAccess = defineQuery(reviewSignatures.review, {
  allow: granted,
  target: optionalOrganizationTarget,
  async handle({ open, ports, now, catalogue }, { organizationId = null, unusedDays, kinds, limit, cursor }) {
    const scope = { action: reviewSignatures.review.name, filters: { unusedDays, kinds }, viewer: organizationId ?? 'everywhere' }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    // An actor with this permission everywhere gets here even if the organization does not exist.
    if (organizationId !== null && (await organizationTarget.find(em, { organizationId })) === null)
      throw notFound({ type: 'organization' })
    // Whole days, so that all pages of a review use the same time.
    const unusedSince = new Date((Math.floor(now.getTime() / day) - unusedDays) * day)
    const found = await itemsOf(em, catalogue, kinds, position, { organizationId, unusedSince, now, limit: limit + 1 })
    const items = found.slice(0, limit)
    const nextCursor = await nextCursorOf(ports.cipher, scope, found.length > limit ? positionOf(items.at(-1)) : null)
    return { items, nextCursor, unusedSince, recordedSince: await usesRecordedSince(em, now) }
  },
})

const finders: Readonly<Record<ReviewKind, (em: SqlEntityManager, catalogue: Catalogue, review: ReviewQuery) => Promise<ReviewItem[]>>> = {
  grants: unusedGrants,
  roles: unusedRoles,
  tokens: (em, _, review) => unusedTokens(em, review),
}

/** Goes through the kinds in order, from where the page before ended. */
async function itemsOf(
  em: SqlEntityManager,
  catalogue: Catalogue,
  kinds: readonly ReviewKind[],
  position: Position | null,
  review: Omit<ReviewQuery, 'after'>,
): Promise<ReviewItem[]> {
  const first = position === null ? 0 : kinds.indexOf(`${String(position[0])}s` as ReviewKind)
  const found: ReviewItem[] = []
  for (const [index, kind] of kinds.slice(first).entries()) {
    if (found.length >= review.limit) break
    const after = position !== null && index === 0 ? String(position[1]) : null
    found.push(...(await finders[kind](em, catalogue, { ...review, after, limit: review.limit - found.length })))
  }
  return found
}

function positionOf(item: ReviewItem | undefined): Position | null {
  return item === undefined ? null : [item.kind, uuidOf(item.id)]
}
