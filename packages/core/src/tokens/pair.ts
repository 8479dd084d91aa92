import type { SqlEntityManager } from '@mikro-orm/sql'
import { newId, type Id } from '../kernel/id.ts'
import type { Ports } from '../ports/index.ts'
import { TokenRow } from './entity.ts'
import type { TokenId, TokenKind } from './model.ts'
import { derivedToken } from './opaque.ts'

/** What a session is held by: one token to call with, and one to get the next. */
export interface TokenPair {
  readonly access: string
  readonly accessId: TokenId
  readonly accessExpiresAt: Date
  readonly refresh: string
  readonly refreshId: TokenId
}

interface Issued {
  readonly userId: Id<'usr'>
  readonly sessionId: Id<'ses'>
  readonly now: Date
  /** When the session ends: neither token outlives it. */
  readonly expiresAt: Date
  /** Milliseconds that the access token lasts. */
  readonly accessLifetime: number
}

/** Issues an access and a refresh token for a session. Both can be made again by `pairText`, with nothing kept. */
export async function issueTokens(em: SqlEntityManager, ports: Ports, issued: Issued): Promise<TokenPair> {
  const { now, expiresAt, accessLifetime } = issued
  const accessExpiresAt = new Date(Math.min(now.getTime() + accessLifetime, expiresAt.getTime()))
  const access = await persistToken(em, ports, 'access', issued, accessExpiresAt)
  const refresh = await persistToken(em, ports, 'refresh', issued, expiresAt)
  return { access: access.text, accessId: access.id, accessExpiresAt, refresh: refresh.text, refreshId: refresh.id }
}

async function persistToken(
  em: SqlEntityManager,
  ports: Ports,
  kind: Extract<TokenKind, 'access' | 'refresh'>,
  { userId, sessionId, now }: Issued,
  expiresAt: Date,
): Promise<{ id: TokenId; text: string }> {
  const id = newId('tok', now, ports.random.bytes(10))
  const text = await pairText(ports, kind, id)
  const hash = ports.digest.sha256(text)
  em.persist(
    em.create(TokenRow, {
      id,
      kind,
      userId,
      sessionId,
      hash,
      name: null,
      scopes: null,
      organizationId: null,
      createdBy: null,
      createdAt: now,
      expiresAt,
      lastUsedAt: null,
      rotatedAt: null,
      replacedBy: null,
      revokedAt: null,
    }),
  )
  return { id, text }
}

/** The text of an access or refresh token, the same each time: a client that lost our answer gets it once more. */
export async function pairText({ cipher }: Pick<Ports, 'cipher'>, kind: 'access' | 'refresh', id: TokenId): Promise<string> {
  return derivedToken(kind, id, await cipher.fingerprint(`token/${kind}`, id))
}
