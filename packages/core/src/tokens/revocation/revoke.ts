import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { anyone } from '../../kernel/rule.ts'
import { endSessions, type Ended } from '../../sessions/index.ts'
import { equalInConstantTime, parseToken, TokenRow } from '../index.ts'
import type { UserId } from '../../users/index.ts'
import { revocationSignatures } from './signatures.ts'

const nothing: Ended = { sessionsEnded: 0, tokensEnded: 0 }

/**
 * Anybody who holds a token may revoke it (RFC 7009).
 * An unknown token answers as one that was revoked already.
 */
export const revokeToken = defineCommand(revocationSignatures.revokeToken, {
  allow: anyone,
  duringPendingStep: true,
  handlesSecret: true,
  prepare: findOwner,
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, { token }) {
    const row = await findToken(context, token)
    if (row === null) return nothing
    const { userId, sessionId } = row
    context.note({ target: { type: sessionId === null ? 'token' : 'session', id: sessionId ?? row.id } })
    return sessionId === null ? revokeApi(context, row) : endSession(context, userId, sessionId)
  },
})

/** The user of the token with this id. The token is not verified yet. */
async function findOwner({ reader }: PrepareContext, { token }: { readonly token: string }): Promise<UserId | null> {
  const id = revocableId(token)
  return id === null ? null : ((await reader.findOne(TokenRow, { id }))?.userId ?? null)
}

function revocableId(text: string): TokenRow['id'] | null {
  const parsed = parseToken(text)
  return parsed?.kind === 'access' || parsed?.kind === 'refresh' || parsed?.kind === 'api' ? parsed.id : null
}

async function findToken({ em, ports }: CommandContext, text: string): Promise<TokenRow | null> {
  const id = revocableId(text)
  const row = id === null ? null : await em.findOne(TokenRow, { id })
  return row !== null && equalInConstantTime(row.hash, ports.digest.sha256(text)) ? row : null
}

async function endSession(context: CommandContext, userId: UserId, sessionId: NonNullable<TokenRow['sessionId']>): Promise<Ended> {
  const ended = await endSessions(context.em, { userId, sessionId }, 'signedOut', context.now)
  context.invalidate(sessionId, { when: 'now', ...ended })
  const payload = { userId, sessionId }
  if (ended.sessionsEnded > 0) context.emit({ type: 'auth.signedOut', subject: userId, organizationId: null, payload })
  return ended
}

function revokeApi(context: CommandContext, row: TokenRow): Ended {
  if (row.revokedAt !== null) return nothing
  const { id, userId, organizationId } = row
  row.revokedAt = context.now
  context.invalidate(id, { when: 'now', tokensEnded: 1 })
  context.emit({ type: 'tokens.revoked', subject: userId, organizationId, payload: { tokenId: id, userId } })
  return { sessionsEnded: 0, tokensEnded: 1 }
}
