import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../../kernel/context.ts'
import { uuidOf } from '../../kernel/id.ts'
import { refreshGrace } from '../../sessions/index.ts'
import { partnerOf, TokenRow, type TokenId } from '../../tokens/index.ts'

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

const replacing = `with child as (
    update tokens set revoked_at = ?, replaced_by = ?
      where id = ? and rotated_at is null and revoked_at is null and last_used_at is null returning id, revoked_at),
  partner as (
    update tokens t set revoked_at = c.revoked_at from child c where t.id = ? and t.revoked_at is null)
  update tokens t set rotated_at = c.revoked_at, replaced_by = ? from child c where t.id = ? and t.replaced_by = c.id returning 1`

/** Gives a refresh token another successor in place of one that nobody has used, which dies with its access token. false: somebody has. */
export async function replaceSuccessor(
  { em, now }: CommandContext,
  { token, unused, successor }: { readonly token: TokenId; readonly unused: TokenId; readonly successor: TokenId },
): Promise<boolean> {
  const [before, next] = [uuidOf(unused), uuidOf(successor)]
  const done = await em.execute<unknown[]>(replacing, [now, next, before, uuidOf(partnerOf(unused)), next, uuidOf(token)])
  return done.length === 1
}

/** The verdict on a refresh token that was rotated before. */
export type ReuseVerdict =
  | { readonly kind: 'over' }
  /** Somebody has a copy: two hold what one was given. */
  | { readonly kind: 'reused' }
  /** The answer was lost, or asked for by several at once: it is given again. */
  | { readonly kind: 'again'; readonly successor: TokenRow }
  /** The answer was lost a while ago, and nobody has used what it held: another pair takes its place. */
  | { readonly kind: 'lost'; readonly successor: TokenRow }

/**
 * The old token still gives the very pair that it was exchanged for, for a moment and as long as nobody has gone on with that pair. After
 * that moment it gives another pair, if nobody has used anything of the first, which dies: whoever shows that one later holds a copy
 * (RFC 9700: 4.14.2). There never are two pairs that work.
 */
export async function judgeReuse(em: SqlEntityManager, now: Date, token: TokenRow): Promise<ReuseVerdict> {
  const { rotatedAt, replacedBy, revokedAt } = token
  // It had another put in its place because nobody seemed to have it.
  if (revokedAt !== null && rotatedAt === null && replacedBy !== null) return { kind: 'reused' }
  if (rotatedAt === null || replacedBy === null || revokedAt !== null) return { kind: 'over' }
  const successor = await em.findOne(TokenRow, { id: replacedBy })
  if (successor === null || successor.revokedAt !== null) return { kind: 'over' }
  if (successor.rotatedAt !== null) return { kind: 'reused' }
  if (now.getTime() - rotatedAt.getTime() <= refreshGrace) return { kind: 'again', successor }
  return successor.lastUsedAt === null ? { kind: 'lost', successor } : { kind: 'reused' }
}
