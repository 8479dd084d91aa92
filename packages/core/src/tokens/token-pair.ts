import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, newId, uuidOf, type Id } from '../kernel/id.ts'
import type { Ports } from '../ports/index.ts'
import { TokenRow } from './entity.ts'
import type { TokenId, TokenKind } from './model.ts'
import { derivedToken } from './opaque.ts'

/** The tokens of a session: an access token, and a refresh token to get the next pair. */
export interface TokenPair {
  readonly access: string
  readonly accessId: TokenId
  readonly accessExpiresAt: Date
  readonly refresh: string
  readonly refreshId: TokenId
}

interface PairRequest {
  readonly userId: Id<'usr'>
  readonly sessionId: Id<'ses'>
  readonly now: Date
  /** When the session ends: neither token outlives it. */
  readonly expiresAt: Date
  /** Milliseconds that the access token lasts. */
  readonly accessLifetime: number
  /** Default: new ones. */
  readonly ids?: PairIds
}

interface PairIds {
  readonly access: TokenId
  readonly refresh: TokenId
}

/** Ids for a pair: the same but for their last bit, so that the refresh token finds what it was issued with. */
export function newPairIds({ random }: Pick<Ports, 'random'>, now: Date): PairIds {
  const access = random.bytes(10)
  access[9] = (access[9] ?? 0) & 0xfe
  const refresh = Uint8Array.from(access)
  refresh[9] = (access[9] ?? 0) | 1
  return { access: newId('tok', now, access), refresh: newId('tok', now, refresh) }
}

/** The id of the access token that was issued with a refresh token. */
export function partnerOf(refresh: TokenId): TokenId {
  const uuid = uuidOf(refresh)
  return idOf('tok', uuid.slice(0, -1) + (Number.parseInt(uuid.slice(-1), 16) & 0xe).toString(16))
}

/** The id of the refresh token that was issued with an access token. */
export function refreshPartnerOf(access: TokenId): TokenId {
  const uuid = uuidOf(access)
  return idOf('tok', uuid.slice(0, -1) + (Number.parseInt(uuid.slice(-1), 16) | 1).toString(16))
}

/** Issues an access and a refresh token for a session. Both texts can be derived again by `pairText`. */
export async function issueTokens(em: SqlEntityManager, ports: Ports, issued: PairRequest): Promise<TokenPair> {
  const { now, expiresAt, accessLifetime, ids = newPairIds(ports, now) } = issued
  const accessExpiresAt = new Date(Math.min(now.getTime() + accessLifetime, expiresAt.getTime()))
  const access = await persistToken(em, ports, 'access', ids.access, issued, accessExpiresAt)
  const refresh = await persistToken(em, ports, 'refresh', ids.refresh, issued, expiresAt)
  return { access: access.text, accessId: access.id, accessExpiresAt, refresh: refresh.text, refreshId: refresh.id }
}

async function persistToken(
  em: SqlEntityManager,
  ports: Ports,
  kind: Extract<TokenKind, 'access' | 'refresh'>,
  id: TokenId,
  { userId, sessionId, now }: PairRequest,
  expiresAt: Date,
): Promise<{ id: TokenId; text: string }> {
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

/** The text of an access or refresh token, the same each time: a client that lost the response gets it again. */
export async function pairText({ cipher }: Pick<Ports, 'cipher'>, kind: 'access' | 'refresh', id: TokenId): Promise<string> {
  return derivedToken(kind, id, await cipher.fingerprint(`token/${kind}`, id))
}
