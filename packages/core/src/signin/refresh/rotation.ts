import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../../kernel/context.ts'
import { uuidOf } from '../../kernel/id.ts'
import { refreshGrace } from '../../sessions/index.ts'
import { TokenRow, type TokenId } from '../../tokens/index.ts'

/**
 * Takes a refresh token in exchange for its successor, in one statement: of any
 * number at once, one does. false: it was exchanged before, or opens nothing.
 */
export async function rotateRefreshToken({ em, now }: CommandContext, token: TokenId, successor: TokenId): Promise<boolean> {
  const taken = await em.execute<unknown[]>(
    `update tokens set rotated_at = ?, replaced_by = ?
      where id = ? and kind = 'refresh' and rotated_at is null and revoked_at is null and expires_at > ? returning 1`,
    [now, uuidOf(successor), uuidOf(token), now],
  )
  return taken.length === 1
}

/** The verdict on a refresh token that was rotated before. */
export type ReuseVerdict =
  | { readonly kind: 'over' }
  /** Somebody has a copy: two hold what one was given. */
  | { readonly kind: 'reused' }
  /** The answer was lost, or asked for by several at once: it is given again. */
  | { readonly kind: 'again'; readonly successor: TokenRow }

/**
 * The old token still gives the very pair that it was exchanged for, for a moment
 * and as long as nobody has gone on with that pair; there never is a second one.
 */
export async function judgeReuse(em: SqlEntityManager, now: Date, token: TokenRow): Promise<ReuseVerdict> {
  const { rotatedAt, replacedBy, revokedAt } = token
  if (rotatedAt === null || replacedBy === null || revokedAt !== null) return { kind: 'over' }
  if (now.getTime() - rotatedAt.getTime() > refreshGrace) return { kind: 'reused' }
  const successor = await em.findOne(TokenRow, { id: replacedBy })
  if (successor === null || successor.revokedAt !== null) return { kind: 'over' }
  return successor.rotatedAt === null ? { kind: 'again', successor } : { kind: 'reused' }
}
