import { sql } from 'kysely'
import { foldedFullName } from '../../users/index.ts'
import { allOf, anyOf, beginningWith, foldedValue, hasTrigram, holding, type Sql } from './sql.ts'

/** A run of hits, none of which is in a run before: first by key, then by id. */
export interface Phase {
  readonly where: Sql
  readonly key: Sql
  /** No two hits share a key. */
  readonly unique: boolean
}

/** What a search looks for. */
export interface Sought {
  /** In lower case, as names and addresses are kept. */
  readonly text: string
  /** Among whom. */
  readonly condition: Sql
  /** What all hits have in common. */
  readonly held: Sql
  /** Whether the text is looked for everywhere, and not at beginnings only: the trigram index needs three letters or digits in a row. */
  readonly anywhere: boolean
  /** Where it is the beginning of the username, the address or the full name; each has an index in this order. */
  readonly beginnings: readonly Phase[]
  /** Where it is somewhere else: the newest users first. */
  readonly inside: Sql
}

/** The phases of a cursor: the beginnings are 0 to 2. */
export const phaseOfInside = 3
export const phaseOfSimilar = 4

export function whatIsSought(query: string, condition: Sql): Sought {
  const text = query.toLowerCase()
  const pattern = beginningWith(text)
  const fullName = sql.raw(foldedFullName)
  const starts = [
    { where: sql`u.username like ${pattern}`, key: sql.raw('u.username'), unique: true },
    { where: sql`u.email like ${pattern}`, key: sql.raw('u.email'), unique: true },
    { where: sql`(u.full_name is not null and ${fullName} like ${foldedValue(pattern)})`, key: fullName, unique: false },
  ]
  const unlessIn = (earlier: readonly Phase[]): Sql[] => earlier.map(({ where }) => sql`(${where}) is not true`)
  const anywhere = hasTrigram(text)
  const holds = sql`u.search_text like ${foldedValue(holding(text))}`
  return {
    text,
    condition,
    held: anywhere ? holds : anyOf(starts.map(({ where }) => where)),
    anywhere,
    beginnings: starts.map((phase, number) => ({ ...phase, where: allOf([phase.where, ...unlessIn(starts.slice(0, number))]) })),
    inside: allOf([holds, ...unlessIn(starts)]),
  }
}
