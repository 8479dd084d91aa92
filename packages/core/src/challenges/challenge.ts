import type { CommandContext } from '../kernel/context.ts'
import { idOf, uuidOf, type Id } from '../kernel/id.ts'
import type { JsonObject } from '../kernel/text.ts'
import { idInToken, mintToken } from '../tokens/index.ts'
import { ChallengeRow } from './entity.ts'
import type { ChallengePurpose } from './model.ts'

/** Milliseconds that whoever began has to answer. */
export const challengeLifetime = 10 * 60 * 1000

/** Wrong answers that a challenge takes. */
const mostAnswers = 5

interface NewChallenge {
  readonly purpose: ChallengePurpose
  readonly userId: Id<'usr'> | null
  readonly payload: JsonObject
}

/** Something that nobody could sign before: 256 bits in base64url, as WebAuthn calls for. */
export function newNonce({ ports }: Pick<CommandContext, 'ports'>): string {
  return btoa(String.fromCharCode(...ports.random.bytes(32)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** A challenge as it was begun. */
export interface Challenge {
  readonly id: Id<'chl'>
  readonly userId: Id<'usr'> | null
  readonly payload: JsonObject
  readonly createdAt: Date
  /** Answers that it still takes, this one not counted. */
  readonly attemptsLeft: number
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

/** Where a try is taken: a command's transaction, or outside any. */
type Taking = Pick<CommandContext, 'em' | 'now' | 'ports'>

interface Row {
  readonly user_id: string | null
  readonly payload: string
  readonly created_at: number
  readonly attempts: number
}

const columns = `user_id::text, payload::text, (extract(epoch from created_at) * 1000)::float8 as created_at, attempts`
const isOpen = 'id = ? and purpose = ? and hash = ? and used_at is null and expires_at > ? and attempts < ?'

/**
 * Takes one try at a challenge, in one statement: however many come at once, no more
 * than `mostAnswers` are let through. null: there is no such challenge, it was
 * answered, it is over, or the tries are used up. What is taken must be committed,
 * also when the answer is wrong: refuse, do not throw, or take it before the transaction.
 */
export async function tryChallenge(context: Taking, purpose: ChallengePurpose, text: string): Promise<Challenge | null> {
  return withId(context, purpose, text, `update challenges set attempts = attempts + 1 where ${isOpen} returning ${columns}`)
}

/** The challenge, if it takes an answer. Looks only. */
export async function openChallenge(context: Taking, purpose: ChallengePurpose, text: string): Promise<Challenge | null> {
  return withId(context, purpose, text, `select ${columns} from challenges where ${isOpen}`)
}

async function withId({ em, now, ports }: Taking, purpose: ChallengePurpose, text: string, sql: string): Promise<Challenge | null> {
  const id = idInToken('challenge', text)
  if (id === null) return null
  const [row] = await em.execute<Row[]>(sql, [uuidOf(id), purpose, ports.digest.sha256(text), now, mostAnswers])
  if (row === undefined) return null
  const { user_id: userId, payload, created_at: createdAt, attempts } = row
  return {
    id,
    userId: userId === null ? null : idOf('usr', userId),
    payload: JSON.parse(payload) as JsonObject,
    createdAt: new Date(createdAt),
    attemptsLeft: mostAnswers - attempts,
  }
}

/** Uses a challenge up. false: somebody else was faster. */
export async function finishChallenge({ em, now }: Pick<Taking, 'em' | 'now'>, { id }: Challenge): Promise<boolean> {
  const used = await em.execute<unknown[]>('update challenges set used_at = ? where id = ? and used_at is null returning 1', [
    now,
    uuidOf(id),
  ])
  return used.length === 1
}
