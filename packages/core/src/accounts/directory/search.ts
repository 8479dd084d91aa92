import type { SqlEntityManager } from '@mikro-orm/sql'
import { sql } from 'kysely'
import { defineQuery } from '../../kernel/action.ts'
import { nextCursorOf, openCursor, type Position } from '../../kernel/page.ts'
import type { RunSelect, Reader } from '../../kernel/select.ts'
import { seesAllFields, type Account } from '../../users/index.ts'
import { conditionOf, type UserSelection } from './condition.ts'
import { loadUsers, type CachedUser, type Match } from './cached-users.ts'
import { literalHits } from './hits.ts'
import { phaseOfInside, phaseOfSimilar, searchTermsOf, type SearchTerms } from './phases.ts'
import { rowsOf } from './rows.ts'
import { directorySignatures } from './signatures.ts'
import { similarHits } from './similar.ts'
import { allOf } from './sql.ts'
import { directoryScope, directoryTarget, mayReadDirectory } from './target.ts'
import { typoPatterns } from './typos.ts'

export const searchUsers = defineQuery(directorySignatures.search, {
  allow: mayReadDirectory,
  target: directoryTarget,
  async handle({ open, select, cachedRows, ports, actor, now }, { limit, cursor, total, query, ...selection }) {
    const { organizationId = null } = selection
    const scope = directoryScope(directorySignatures.search.name, organizationId, { ...selection, query })
    const position = await openCursor(ports.cipher, scope, cursor)
    const { hits, next } = await searchUsersBy({ open, select, cachedRows }, query, selection, { position, limit, now })
    const whole = seesAllFields(actor, organizationId)
    return {
      items: hits.map(({ found, match }) => found.visibleMatch(whole, match)),
      nextCursor: await nextCursorOf(ports.cipher, scope, next),
      total: total ? await countUsersBy(select, query, selection, now) : null,
    }
  },
})

interface HitPage {
  readonly hits: readonly MatchedUser[]
  readonly next: Position | null
}

interface MatchedUser {
  readonly found: CachedUser
  readonly match: Match
}

/** What a search reads with; similar users need settings of their own, and so a transaction. */
interface Searcher extends Reader {
  open(): Promise<SqlEntityManager>
}

/**
 * A page of the users whose fields contain a text, or something similar. Similar ones have
 * a page of their own, the last: finding them costs many times what the text
 * itself costs, and those who find what they typed need not pay for it.
 */
export async function searchUsersBy(
  searcher: Searcher,
  query: string,
  selection: UserSelection,
  { position, limit, now }: { position: Position | null; limit: number; now: Date },
): Promise<HitPage> {
  const sought = searchTermsOf(query, await conditionOf(searcher.select, selection, now))
  const slips = sought.anywhere ? typoPatterns(sought.text) : []
  const refs = position?.[0] === phaseOfSimilar ? [] : await literalHits(searcher.select, sought, position, limit + 1)
  if (refs.length === 0) return { hits: await similarTo(searcher, sought, slips, limit), next: null }
  const shown = await loadUsers(searcher, refs.slice(0, limit), allOf([sought.condition, sought.contains]))
  const hits = shown.map(({ ref, found }) => ({ found, match: matchOf(found.user, ref.phase, sought) }))
  const last = refs[limit - 1]
  if (refs.length > limit && last !== undefined) return { hits, next: [last.phase, last.key, last.id] }
  return { hits, next: slips.length > 0 ? [phaseOfSimilar] : null }
}

async function similarTo(
  searcher: Searcher,
  sought: SearchTerms,
  slips: readonly string[],
  limit: number,
): Promise<readonly MatchedUser[]> {
  if (slips.length === 0) return []
  const refs = await similarHits(await searcher.open(), sought, slips, limit)
  const shown = await loadUsers(searcher, refs, sought.condition)
  return shown.map(({ found }) => ({ found, match: 'similar' }))
}

function matchOf({ username, email }: Account, phase: number, sought: SearchTerms): Match {
  if (username === sought.username || email === sought.email) return 'exact'
  return phase < phaseOfInside ? 'prefix' : 'substring'
}

/** The exact number of users of a selection whose fields contain a text; similar ones are not counted. */
export async function countUsersBy(select: RunSelect, query: string, selection: UserSelection, now: Date): Promise<number> {
  const { contains, condition }: SearchTerms = searchTermsOf(query, await conditionOf(select, selection, now))
  const [row] = await rowsOf<{ count: number }>(select, sql`select count(*)::int as count from users u where ${contains} and ${condition}`)
  return row?.count ?? 0
}
