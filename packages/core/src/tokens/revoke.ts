import { defineCommand } from '../kernel/action.ts'
import { endToken, existingToken, findTokenOwner, shownToken } from './repository.ts'
import { tokensSignatures } from './signatures.ts'
import { changedTokenTarget, mayChangeTokens } from './target.ts'

export const revokeToken = defineCommand(tokensSignatures.revoke, {
  allow: mayChangeTokens,
  takesPrecedence: 'everywhere',
  target: changedTokenTarget,
  prepare: findTokenOwner,
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, { tokenId }) {
    const { em, now } = context
    const ended = await endToken(em, tokenId, now)
    const token = await existingToken(em, tokenId)
    const { userId, organizationId } = token
    if (ended) {
      context.invalidate(tokenId, { when: 'now', tokensEnded: 1 })
      context.emit({ type: 'tokens.revoked', subject: userId, organizationId, payload: { tokenId, userId } })
    }
    return shownToken(token, now)
  },
})
