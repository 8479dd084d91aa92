import type { SqlEntityManager } from '@mikro-orm/sql'
import { sql } from 'kysely'
import type { RunSelect, Reader } from '../../kernel/select.ts'
import type { Position } from '../../kernel/page.ts'
import type { Account } from '../../users/index.ts'
import { conditionOf, type Selection } from './condition.ts'
import { usersOf, type FoundUser, type Match } from './cached-users.ts'
import { literalHits } from './hits.ts'
import { phaseOfInside, phaseOfSimilar, whatIsSought, type Sought } from './phases.ts'
import { rowsOf } from './rows.ts'
import { similarHits } from './similar.ts'
import { allOf } from './sql.ts'
import { slipsOf } from './typos.ts'

interface HitPage {
  readonly hits: readonly Found[]
  readonly next: Position | null
}

interface Found {
  readonly found: FoundUser
  readonly match: Match
}

/** What a search reads with; for those who only resemble the text it needs settings of its own, and so a transaction. */
interface Searcher extends Reader {
  open(): Promise<SqlEntityManager>
}

/**
 * A page of the users who hold a text, or resemble it. Those who resemble it have
 * a page of their own, the last: looking for them costs many times what the text
 * itself costs, and whoever finds what they typed need not pay for it.
 */
export async function searchUsersBy(
  searcher: Searcher,
  query: string,
  selection: Selection,
  { position, limit, now }: { position: Position | null; limit: number; now: Date },
): Promise<HitPage> {
  const sought = whatIsSought(query, await conditionOf(searcher.select, selection, now))
  const slips = sought.anywhere ? slipsOf(sought.text) : []
  const refs = position?.[0] === phaseOfSimilar ? [] : await literalHits(searcher.select, sought, position, limit + 1)
  if (refs.length === 0) return { hits: await similarTo(searcher, sought, slips, limit), next: null }
  const shown = await usersOf(searcher, refs.slice(0, limit), allOf([sought.condition, sought.held]))
  const hits = shown.map(({ ref, found }) => ({ found, match: matchOf(found.user, ref.phase, sought.text) }))
  const last = refs[limit - 1]
  if (refs.length > limit && last !== undefined) return { hits, next: [last.phase, last.key, last.id] }
  return { hits, next: slips.length > 0 ? [phaseOfSimilar] : null }
}

async function similarTo(searcher: Searcher, sought: Sought, slips: readonly string[], limit: number): Promise<readonly Found[]> {
  if (slips.length === 0) return []
  const refs = await similarHits(await searcher.open(), sought, slips, limit)
  const shown = await usersOf(searcher, refs, sought.condition)
  return shown.map(({ found }) => ({ found, match: 'similar' }))
}

function matchOf({ username, email }: Account, phase: number, text: string): Match {
  if (username === text || email === text) return 'exact'
  return phase < phaseOfInside ? 'prefix' : 'substring'
}

/** Exactly how many users of a selection hold a text; those who only resemble it are not counted. */
export async function countUsersBy(look: RunSelect, query: string, selection: Selection, now: Date): Promise<number> {
  const { held, condition }: Sought = whatIsSought(query, await conditionOf(look, selection, now))
  const [row] = await rowsOf<{ count: number }>(look, sql`select count(*)::int as count from users u where ${held} and ${condition}`)
  return row?.count ?? 0
}
