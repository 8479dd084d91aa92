import type { CommandContext } from '../kernel/context.ts'
import { uuidOf, type Id } from '../kernel/id.ts'
import type { JsonObject } from '../kernel/text.ts'
import { equalInConstantTime, idInToken, mintToken } from '../tokens/index.ts'
import { ChallengeRow } from './entity.ts'
import type { ChallengePurpose } from './model.ts'

/** Milliseconds that whoever began has to answer. */
export const challengeLifetime = 10 * 60 * 1000

/** Wrong answers that a challenge takes. */
export const mostAnswers = 5

interface NewChallenge {
  readonly purpose: ChallengePurpose
  readonly userId: Id<'usr'> | null
  readonly payload: JsonObject
}

/** A challenge as it was begun. */
export interface Challenge {
  readonly id: Id<'chl'>
  readonly userId: Id<'usr'> | null
  readonly payload: JsonObject
}

/** Begins something that waits for an answer: only whoever holds the text can give it. */
export function beginChallenge(context: CommandContext, { purpose, userId, payload }: NewChallenge): { text: string; expiresAt: Date } {
  const { em, now, newId, ports } = context
  const id = newId('chl')
  const { text, hash } = mintToken('challenge', id, ports)
  const expiresAt = new Date(now.getTime() + challengeLifetime)
  em.persist(em.create(ChallengeRow, { id, purpose, userId, hash, payload, createdAt: now, expiresAt, usedAt: null }))
  return { text, expiresAt }
}

/**
 * Takes one try at a challenge, in one statement: however many come at once, no more
 * than `mostAnswers` are let through. null: there is no such challenge, it was
 * answered, it is over, or the tries are used up. What is taken must be committed,
 * also when the answer is wrong: refuse, do not throw.
 */
export async function tryChallenge(context: CommandContext, purpose: ChallengePurpose, text: string): Promise<Challenge | null> {
  const { em, now, ports } = context
  const id = idInToken('challenge', text)
  if (id === null) return null
  const [row] = await em.execute<{ user_id: string | null; hash: string }[]>(
    `update challenges set attempts = attempts + 1
      where id = ? and purpose = ? and used_at is null and expires_at > ? and attempts < ? returning user_id::text, hash`,
    [uuidOf(id), purpose, now, mostAnswers],
  )
  if (row === undefined || !equalInConstantTime(row.hash, ports.digest.sha256(text))) return null
  const { userId, payload } = await em.findOneOrFail(ChallengeRow, { id })
  return { id, userId, payload }
}

/** Uses a challenge up. false: somebody else was faster. */
export async function finishChallenge({ em, now }: CommandContext, { id }: Challenge): Promise<boolean> {
  const used = await em.execute<unknown[]>('update challenges set used_at = ? where id = ? and used_at is null returning 1', [
    now,
    uuidOf(id),
  ])
  return used.length === 1
}
