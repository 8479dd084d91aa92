import { sql } from 'kysely'
import { foldedFullName } from '../../users/index.ts'
import { allOf, anyOf, prefixPattern, foldedValue, hasTrigram, containsPattern, type Sql } from './sql.ts'

/** A run of hits, none of which is in an earlier run: sorted by key, then id. */
export interface Phase {
  readonly where: Sql
  readonly key: Sql
  /** No two hits share a key. */
  readonly unique: boolean
}

/** What a search looks for, as SQL. */
export interface SearchTerms {
  /** In lower case, as usernames and addresses are stored. */
  readonly text: string
  /** Which users are searched. */
  readonly condition: Sql
  /** True for every hit. */
  readonly contains: Sql
  /** Whether the text is searched everywhere, not only at beginnings: the trigram index needs three letters or digits in a row. */
  readonly anywhere: boolean
  /** Matches at the beginning of the username, the address or the full name; each has an index in this order. */
  readonly beginnings: readonly Phase[]
  /** Matches elsewhere: newest users first. */
  readonly inside: Sql
}

/** The phases of a cursor: the beginnings are 0 to 2. */
export const phaseOfInside = 3
export const phaseOfSimilar = 4

export function searchTermsOf(query: string, condition: Sql): SearchTerms {
  const text = query.toLowerCase()
  const pattern = prefixPattern(text)
  const fullName = sql.raw(foldedFullName)
  const starts = [
    { where: sql`u.username like ${pattern}`, key: sql.raw('u.username'), unique: true },
    { where: sql`u.email like ${pattern}`, key: sql.raw('u.email'), unique: true },
    { where: sql`(u.full_name is not null and ${fullName} like ${foldedValue(pattern)})`, key: fullName, unique: false },
  ]
  const unlessIn = (earlier: readonly Phase[]): Sql[] => earlier.map(({ where }) => sql`(${where}) is not true`)
  const anywhere = hasTrigram(text)
  const holds = sql`u.search_text like ${foldedValue(containsPattern(text))}`
  return {
    text,
    condition,
    contains: anywhere ? holds : anyOf(starts.map(({ where }) => where)),
    anywhere,
    beginnings: starts.map((phase, number) => ({ ...phase, where: allOf([phase.where, ...unlessIn(starts.slice(0, number))]) })),
    inside: allOf([holds, ...unlessIn(starts)]),
  }
}
