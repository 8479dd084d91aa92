import { defineCommand } from '../kernel/action.ts'
import { notFound } from '../kernel/errors.ts'
import { existingUser } from '../users/index.ts'
import { tokenOver } from './errors.ts'
import { organizationFor, persistToken, requireTokenOwner, requireRoomForToken, recordNewToken } from './new-token.ts'
import { existingToken, findTokenOwner, replaceToken } from './repository.ts'
import { tokensSignatures } from './signatures.ts'
import { changedTokenTarget, mayChangeTokens } from './target.ts'

export const rotateToken = defineCommand(tokensSignatures.rotate, {
  allow: mayChangeTokens,
  takesPrecedence: 'everywhere',
  target: changedTokenTarget,
  requiresRecentAuth: true,
  handlesSecret: true,
  prepare: findTokenOwner, // the old token counts as long as it works
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, { tokenId, overlapSeconds }) {
    const { em, now } = context
    const old = await existingToken(em, tokenId)
    const user = await existingUser(em, old.userId)
    requireTokenOwner(context, user)
    const limit = await organizationFor(context, user, old.organizationId ?? undefined)
    // A token that an administrator may not create, they may not rotate either.
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
