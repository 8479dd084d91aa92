import type { SqlEntityManager } from '@mikro-orm/sql'

export interface Claim {
  /** The caller: keys of different callers are independent. */
  readonly scope: string
  readonly key: string
  readonly action: string
  readonly fingerprint: string
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
export async function claimKey(em: SqlEntityManager, claim: Claim, now: Date): Promise<EarlierUse | null> {
  const { scope, key, action, fingerprint } = claim
  const taken = await em.execute(
    `insert into idempotency_keys (scope, key, action, fingerprint, created_at) values (?, ?, ?, ?, ?)
      on conflict do nothing returning 1`,
    [scope, key, action, fingerprint, now],
  )
  if (taken.length > 0) return null
  const [earlier] = await em.execute<EarlierUse[]>('select action, fingerprint, answer from idempotency_keys where scope = ? and key = ?', [
    scope,
    key,
  ])
  return earlier ?? null
}

/** Stores the answer for a retry. */
export async function storeAnswer(em: SqlEntityManager, { scope, key }: Claim, answer: string): Promise<void> {
  await em.execute('update idempotency_keys set answer = ? where scope = ? and key = ?', [answer, scope, key], 'run')
}

/** Deletes keys older than that and returns how many. */
export async function deleteOldKeys(em: SqlEntityManager, before: Date): Promise<number> {
  const rows = await em.execute('delete from idempotency_keys where created_at < ? returning 1', [before])
  return rows.length
}
