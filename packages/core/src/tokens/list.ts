import { defineQuery } from '../kernel/action.ts'
import { callerId, type Actor } from '../kernel/actor.ts'
import { cutPage, openCursor } from '../kernel/page.ts'
import type { OrganizationId } from '../organizations/index.ts'
import { managingOrganization, existingUser, type UserRow, namedOrOwnAccountTarget, namedUserOrCaller } from '../users/index.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TokenId } from './model.ts'
import { existingToken, newestTokens, shownToken } from './repository.ts'
import { tokensSignatures } from './signatures.ts'
import { mayReadTokens, tokenTarget } from './target.ts'

export const listTokens = defineQuery(tokensSignatures.list, {
  allow: mayReadTokens,
  target: namedOrOwnAccountTarget,
  async handle({ open, ports, actor, now }, { userId: named, state, limit, cursor }) {
    const userId = namedUserOrCaller(actor, { userId: named })
    const scope = { action: tokensSignatures.list.name, filters: { userId, state }, viewer: callerId(actor) ?? actor.kind }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    const within = await visibleOrganization(em, actor, await existingUser(em, userId))
    const rows = await newestTokens(em, { userId, within, state, now }, position === null ? null : (String(position[0]) as TokenId), limit)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ id }) => [id] })
    return { items: [...shown], nextCursor }
  },
})

/** Who sees tokens because their organization manages the account sees none that act in another organization. */
async function visibleOrganization(em: SqlEntityManager, actor: Actor, user: UserRow): Promise<OrganizationId | null> {
  if (actor.kind !== 'user' || actor.principal.userId === user.id) return null
  return actor.principal.grants.allowsEverywhere(tokensSignatures.list.name) ? null : managingOrganization(em, user)
}

export const getToken = defineQuery(tokensSignatures.get, {
  allow: mayReadTokens,
  target: tokenTarget,
  handle: async ({ open, now }, { tokenId }) => shownToken(await existingToken(await open(), tokenId), now),
})
