import type { SqlEntityManager } from '@mikro-orm/sql'

export interface Claim {
  /** Who uses the key: keys of different callers never meet. */
  readonly scope: string
  readonly key: string
  readonly action: string
  readonly fingerprint: string
}

/** What a key was used for before. */
export interface EarlierUse {
  readonly action: string
  readonly fingerprint: string
  readonly answer: string | null
}

/**
 * Takes the key for this transaction, or says what it was used for. A second
 * caller with the same key waits in the insert until the first has committed
 * (then it gets the answer) or rolled back (then it takes the key itself).
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

/** Keeps the answer for whoever asks again. */
export async function storeAnswer(em: SqlEntityManager, { scope, key }: Claim, answer: string): Promise<void> {
  await em.execute('update idempotency_keys set answer = ? where scope = ? and key = ?', [answer, scope, key], 'run')
}

/** Forgets keys older than this. Returns how many. */
export async function deleteOldKeys(em: SqlEntityManager, before: Date): Promise<number> {
  const rows = await em.execute('delete from idempotency_keys where created_at < ? returning 1', [before])
  return rows.length
}
