import type { SqlEntityManager } from '@mikro-orm/sql'

/** A key, as a call gives it. */
export interface IdempotencyKey {
  /**
   * The caller: keys of different callers are independent. A user, who acts as that user, and the organization that the credential is limited
   * to are parts of it: nobody has an answer again that they would not have had the first time.
   */
  readonly scope: string
  readonly key: string
  readonly action: string
}

/** The earlier use of a key. */
export interface EarlierUse {
  readonly action: string
  readonly fingerprint: string
  readonly answer: string | null
}

/**
 * Takes the key for this transaction, or returns its earlier use. A second caller with the same key waits in the insert until the first
 * has committed (then it gets the answer) or rolled back (then it takes the key).
 */
export async function takeKey(em: SqlEntityManager, taken: IdempotencyKey, now: Date): Promise<EarlierUse | null> {
  const { scope, key, action } = taken
  const isTaken = await em.execute(
    `insert into idempotency_keys (scope, key, action, fingerprint, created_at) values (?, ?, ?, '', ?)
      on conflict do nothing returning 1`,
    [scope, key, action, now],
  )
  return isTaken.length > 0 ? null : findUse(em, taken)
}

/** The earlier use of a key. */
export async function findUse(em: SqlEntityManager, { scope, key }: IdempotencyKey): Promise<EarlierUse | null> {
  const [earlier] = await em.execute<EarlierUse[]>('select action, fingerprint, answer from idempotency_keys where scope = ? and key = ?', [
    scope,
    key,
  ])
  return earlier ?? null
}

/** Stores the answer, and for which input it is, for a retry. */
export async function storeAnswer(
  em: SqlEntityManager,
  { scope, key }: IdempotencyKey,
  { fingerprint, answer }: Omit<EarlierUse, 'action'>,
): Promise<void> {
  await em.execute(
    'update idempotency_keys set fingerprint = ?, answer = ? where scope = ? and key = ?',
    [fingerprint, answer, scope, key],
    'run',
  )
}
