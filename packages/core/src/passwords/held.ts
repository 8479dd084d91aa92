import type { SqlEntityManager } from '@mikro-orm/sql'
import { countedKinds, nameOfKind } from './kinds.ts'

interface HeldHashes {
  /** `argon2id`, `bcrypt`, `pbkdf2-sha256`. */
  readonly kind: string
  readonly count: number
}

/** How many hashes are held of which kind, the most first. Costs and templates are not told apart. */
export async function heldHashes(em: SqlEntityManager): Promise<readonly HeldHashes[]> {
  const rows = await em.execute<{ kind: string | null; count: number }[]>(countedKinds)
  const found = new Map<string, number>()
  for (const { kind, count } of rows) {
    const name = nameOfKind(kind ?? '')
    found.set(name, (found.get(name) ?? 0) + count)
  }
  const held = [...found].map(([kind, count]) => ({ kind, count }))
  return held.toSorted((one, other) => other.count - one.count || (one.kind < other.kind ? -1 : 1))
}
