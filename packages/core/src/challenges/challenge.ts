import type { CommandContext } from '../kernel/context.ts'
import { idOrNull, uuidOf, type Id } from '../kernel/id.ts'
import type { JsonObject } from '../kernel/json.ts'
import { idInToken, mintToken } from '../tokens/index.ts'
import { ChallengeRow } from './entity.ts'
import type { ChallengePurpose } from './model.ts'

/** Milliseconds until a challenge expires. */
export const challengeLifetime = 10 * 60 * 1000

/** The most answers that a challenge takes. */
const mostAnswers = 5

interface NewChallenge {
  readonly purpose: ChallengePurpose
  readonly userId: Id<'usr'> | null
  readonly payload: JsonObject
}

/** A nonce of 256 bits in base64url, as WebAuthn asks for. */
export function newNonce({ ports }: Pick<CommandContext, 'ports'>): string {
  return btoa(String.fromCharCode(...ports.random.bytes(32)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** A challenge that was begun. */
export interface Challenge {
  readonly id: Id<'chl'>
  readonly userId: Id<'usr'> | null
  readonly payload: JsonObject
  readonly createdAt: Date
  /** How many more answers it takes, after this one. */
  readonly attemptsLeft: number
}

/** Begins a challenge. Only whoever has its text can answer it. */
export function beginChallenge(context: CommandContext, { purpose, userId, payload }: NewChallenge): { text: string; expiresAt: Date } {
  const { em, now, newId, ports } = context
  const id = newId('chl')
  const { text, hash } = mintToken('challenge', id, ports)
  const expiresAt = new Date(now.getTime() + challengeLifetime)
  em.persist(em.create(ChallengeRow, { id, purpose, userId, hash, payload, createdAt: now, expiresAt, usedAt: null }))
  return { text, expiresAt }
}

/** A command's transaction, or an entity manager outside any. */
type ChallengeContext = Pick<CommandContext, 'em' | 'now' | 'ports'>

interface Row {
  readonly user_id: string | null
  readonly payload: string
  readonly created_at: number
  readonly attempts: number
}

const columns = `user_id::text, payload::text, (extract(epoch from created_at) * 1000)::float8 as created_at, attempts`
const isOpen = 'id = ? and purpose = ? and hash = ? and used_at is null and expires_at > ? and attempts < ?'

/**
 * Counts one attempt at a challenge, in one statement: however many come at once, no more
 * than `mostAnswers` are let through. null: there is no such challenge, it was
 * answered, has expired, or has no attempts left. The count must be committed
 * even if the answer is wrong: refuse, do not throw, or call it before the transaction.
 */
export async function tryChallenge(context: ChallengeContext, purpose: ChallengePurpose, text: string): Promise<Challenge | null> {
  return withId(context, purpose, text, `update challenges set attempts = attempts + 1 where ${isOpen} returning ${columns}`)
}

/** Finds a challenge that can be answered, without counting an attempt. */
export async function openChallenge(context: ChallengeContext, purpose: ChallengePurpose, text: string): Promise<Challenge | null> {
  return withId(context, purpose, text, `select ${columns} from challenges where ${isOpen}`)
}

async function withId(
  { em, now, ports }: ChallengeContext,
  purpose: ChallengePurpose,
  text: string,
  sql: string,
): Promise<Challenge | null> {
  const id = idInToken('challenge', text)
  if (id === null) return null
  const [row] = await em.execute<Row[]>(sql, [uuidOf(id), purpose, ports.digest.sha256(text), now, mostAnswers])
  if (row === undefined) return null
  const { user_id: userId, payload, created_at: createdAt, attempts } = row
  return {
    id,
    userId: idOrNull('usr', userId),
    payload: JSON.parse(payload) as JsonObject,
    createdAt: new Date(createdAt),
    attemptsLeft: mostAnswers - attempts,
  }
}

/** Marks a challenge as answered. false: another call was faster. */
export async function finishChallenge({ em, now }: Pick<ChallengeContext, 'em' | 'now'>, { id }: Challenge): Promise<boolean> {
  const used = await em.execute<unknown[]>('update challenges set used_at = ? where id = ? and used_at is null returning 1', [
    now,
    uuidOf(id),
  ])
  return used.length === 1
}
