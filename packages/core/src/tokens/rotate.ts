import { defineCommand } from '../kernel/action.ts'
import type { PrepareContext } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { existingUser, type UserId } from '../users/index.ts'
import { tokenOver } from './errors.ts'
import type { TokenId } from './model.ts'
import { organizationFor, persistToken, requireTokenOwner, requireRoomForToken, recordNewToken } from './new-token.ts'
import { existingToken, findToken, replaceToken } from './repository.ts'
import { tokensSignatures } from './signatures.ts'
import { changedTokenTarget, overChanges } from './target.ts'

/** Whose token is replaced, so that its row is locked first: the old one counts as long as it works. */
async function findOwner({ reader }: PrepareContext, { tokenId }: { tokenId: TokenId }): Promise<UserId | null> {
  return (await findToken(reader, tokenId))?.userId ?? null
}

export const rotateToken = defineCommand(tokensSignatures.rotate, {
  allow: overChanges,
  target: changedTokenTarget,
  requiresRecentAuth: true,
  handlesSecret: true,
  prepare: findOwner,
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, { tokenId, overlapSeconds }) {
    const { em, now } = context
    const old = await existingToken(em, tokenId)
    const user = await existingUser(em, old.userId)
    requireTokenOwner(context, user)
    const limit = await organizationFor(context, user, old.organizationId ?? undefined)
    // What an organization's administrator may not make, they may not get by replacing it either.
    if (limit !== old.organizationId) throw notFound({ type: changedTokenTarget.type })
    const { userId, scopes, organizationId, allowedIps } = old
    const lasts = old.expiresAt === null ? null : old.expiresAt.getTime() - old.createdAt.getTime()
    const expiresAt = lasts === null ? null : new Date(now.getTime() + lasts)
    const made = persistToken(context, { userId, name: old.name ?? '', scopes, organizationId, allowedIps, expiresAt })
    const until = new Date(now.getTime() + overlapSeconds * 1000)
    if (!(await replaceToken(em, { id: tokenId, by: made.row.id, now, until }))) throw tokenOver({})
    await requireRoomForToken(context, userId)
    await em.flush()
    context.invalidate(tokenId, { when: 'now', ...(overlapSeconds === 0 && { tokensEnded: 1 }) })
    return recordNewToken(context, 'tokens.rotated', made, { replaced: tokenId, overlapSeconds })
  },
})
