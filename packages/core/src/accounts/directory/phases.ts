import { sql } from 'kysely'
import { emailForm, folded, usernameForm } from '../../text/index.ts'
import { allOf, anyOf, prefixPattern, hasTrigram, containsPattern, type Sql } from './sql.ts'

/** A run of hits, none of which is in an earlier run: sorted by key, then id. */
export interface Phase {
  readonly where: Sql
  readonly key: Sql
  /** No two hits share a key. */
  readonly unique: boolean
}

/** What a search looks for, as SQL. */
export interface SearchTerms {
  /** As it is compared with every part at once. */
  readonly text: string
  /** As usernames and addresses are stored. */
  readonly username: string
  readonly email: string
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
  const [text, username] = [folded(query), usernameForm(query)]
  const email = emailForm(query) ?? query.toLowerCase()
  const fullName = sql.raw('u.folded_full_name')
  const starts = [
    { where: sql`u.username like ${prefixPattern(username)}`, key: sql.raw('u.username'), unique: true },
    { where: sql`u.email like ${prefixPattern(email)}`, key: sql.raw('u.email'), unique: true },
    { where: sql`(${fullName} is not null and ${fullName} like ${prefixPattern(text)})`, key: fullName, unique: false },
  ]
  const unlessIn = (earlier: readonly Phase[]): Sql[] => earlier.map(({ where }) => sql`(${where}) is not true`)
  const anywhere = hasTrigram(text)
  const holds = sql`u.search_text like ${containsPattern(text)}::text`
  return {
    text,
    username,
    email,
    condition,
    contains: anywhere ? holds : anyOf(starts.map(({ where }) => where)),
    anywhere,
    beginnings: starts.map((phase, number) => ({ ...phase, where: allOf([phase.where, ...unlessIn(starts.slice(0, number))]) })),
    inside: allOf([holds, ...unlessIn(starts)]),
  }
}
