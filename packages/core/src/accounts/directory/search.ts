import type { SqlEntityManager } from '@mikro-orm/sql'
import { sql } from 'kysely'
import type { Position } from '../../kernel/page.ts'
import { conditionOf, type Selection } from './condition.ts'
import { literalHits, type Hit } from './hits.ts'
import { phaseOfSimilar, whatIsSought, type Sought } from './phases.ts'
import { rowsOf } from './rows.ts'
import { similarHits } from './similar.ts'
import { slipsOf } from './typos.ts'

interface FoundPage {
  readonly found: readonly Hit[]
  readonly next: Position | null
}

/**
 * A page of the users who hold a text, or resemble it. Those who resemble it have
 * a page of their own, the last: looking for them costs many times what the text
 * itself costs, and whoever finds what they typed need not pay for it.
 */
export async function searchUsersBy(
  em: SqlEntityManager,
  query: string,
  selection: Selection,
  { position, limit, now }: { position: Position | null; limit: number; now: Date },
): Promise<FoundPage> {
  const sought = whatIsSought(query, await conditionOf(em, selection, now))
  const slips = sought.anywhere ? slipsOf(sought.text) : []
  const hits = position?.[0] === phaseOfSimilar ? [] : await literalHits(em, sought, position, limit + 1)
  if (hits.length === 0) return { found: await similarHits(em, sought, slips, limit), next: null }
  const found = hits.slice(0, limit)
  const last = found.at(-1)
  if (hits.length > limit && last !== undefined) return { found, next: last.position }
  return { found, next: slips.length > 0 ? [phaseOfSimilar] : null }
}

/** Exactly how many users of a selection hold a text; those who only resemble it are not counted. */
export async function countUsersBy(em: SqlEntityManager, query: string, selection: Selection, now: Date): Promise<number> {
  const { held, condition }: Sought = whatIsSought(query, await conditionOf(em, selection, now))
  const [row] = await rowsOf<{ count: number }>(em, sql`select count(*)::int as count from users u where ${held} and ${condition}`)
  return row?.count ?? 0
}
