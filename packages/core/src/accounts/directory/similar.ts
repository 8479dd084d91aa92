import type { SqlEntityManager } from '@mikro-orm/sql'
import { sql } from 'kysely'
import { selectThrough } from '../../kernel/select.ts'
import { refColumns, type UserRef } from './cached-users.ts'
import type { SearchTerms } from './phases.ts'
import { rowsOf } from './rows.ts'
import { anyOf, type Sql } from './sql.ts'

/** How many candidates are compared: word_similarity is the most expensive part of a search. */
const mostCompared = 400
/** If so many of the newest users match a typo, they are candidates enough. */
const sampled = 200
const commonInSample = 10

/**
 * Some users whose fields contain what the text may have been meant to be, most similar
 * first. Not all of them: for a misspelt name that thousands have, some will do.
 *
 * Candidates are found by typos of one letter, not by a threshold of
 * `word_similarity`: among a million users that has to compare every user who has
 * half of the trigrams, which took 150 to 500 ms; this takes a tenth. It ranks them.
 */
export async function similarHits(
  em: SqlEntityManager,
  { text, contains, condition }: SearchTerms,
  slips: readonly string[],
  limit: number,
): Promise<readonly UserRef[]> {
  const select = selectThrough(em)
  const slipped = anyOf(slips.map((slip) => sql`u.search_text like ${`%${slip}%`}::text`))
  const candidate = sql`${slipped} and (${contains}) is not true and ${condition}`
  const newest = sql`(select * from users order by id desc limit ${sampled}) u`
  const [row] = await rowsOf<{ count: number }>(select, sql`select count(*)::int as count from ${newest} where ${candidate}`)
  const common = (row?.count ?? 0) >= commonInSample
  const from = common
    ? sql`(select *, xmin from users order by id desc limit ${sql.lit(sampled * 10)}) u`
    : sql`(select *, xmin from users) u`
  // The planner takes a seq scan for cheap, as it may stop at the last candidate; with few candidates it never does.
  await em.execute('set local enable_seqscan = off')
  const refs = await rowsOf<UserRef>(
    select,
    mostSimilar(sql`select u.* from ${from} where ${candidate} limit ${mostCompared}`, text, limit),
  )
  await em.execute('set local enable_seqscan to default')
  return refs
}

function mostSimilar(candidates: Sql, text: string, limit: number): Sql {
  return sql`select ${refColumns} from (${candidates}) u
    order by word_similarity(${text}::text, u.search_text) desc, u.id desc limit ${limit}`
}
