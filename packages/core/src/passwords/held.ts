import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Hasher } from '../ports/hasher.ts'
import { countedKinds, decoyOfKind, nameOfKind } from './kinds.ts'
import { isOutdated } from './verify.ts'

interface HeldHashes {
  /** `argon2id`, `bcrypt`, `pbkdf2-sha256`. */
  readonly kind: string
  readonly count: number
  /** The next sign-in of each replaces it. */
  readonly outdated: boolean
}

/** How many hashes are held of which kind, the most first. Costs and templates are not told apart. */
export async function heldHashes(em: SqlEntityManager, hasher: Hasher): Promise<readonly HeldHashes[]> {
  const rows = await em.execute<{ kind: string | null; count: number }[]>(countedKinds)
  const found = new Map<string, HeldHashes>()
  for (const { kind, count } of rows) {
    const held = { kind: nameOfKind(kind ?? ''), outdated: kind === null || isOutdated(hasher, decoyOfKind(kind)) }
    const key = `${held.kind} ${held.outdated}`
    found.set(key, { ...held, count: (found.get(key)?.count ?? 0) + count })
  }
  return [...found.values()].toSorted((one, other) => other.count - one.count || (one.kind < other.kind ? -1 : 1))
}
