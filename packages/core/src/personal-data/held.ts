import type { IdPrefix } from '../kernel/id.ts'

/** How a column is written in an export: as it is, as a time (ISO 8601, UTC), or as an id with this prefix. */
export type Written = 'value' | 'time' | IdPrefix

/**
 * SQL with places for what is asked: `{person}` the UUID of the user, `{id}` their id as text, `{address}` their proved address (null:
 * none), `{organization}` the organization whose administrator asks. `t` is the table.
 */
type PersonalSql = string

/** Columns that not every row shows. */
interface Partly {
  readonly columns: readonly string[]
  /** Shown where this is true. */
  readonly where: PersonalSql
  readonly why: string
}

/** Who does not get a column: whoever may not change the account, or administrators of the organization that manages it. */
export type Excluded = 'whoeverMayNotChangeIt' | 'administratorsOfItsOrganization'

/** Columns that are not for every caller. */
interface NotForAll {
  readonly columns: readonly string[]
  readonly for: Excluded
  readonly why: string
}

/** What a person gets of a table: `shown` and `leftOut` are all columns that the table has. */
export interface Section {
  /** True for the rows about the person. */
  readonly found: PersonalSql
  /** What the rows are ordered by, the last first; unique among those of a person. */
  readonly key: { readonly sql: string; readonly type: 'uuid' | 'text' | 'timestamptz' }
  readonly shown: Readonly<Record<string, Written>>
  /** What is worked out beside the columns. */
  readonly also?: Readonly<Record<string, readonly [written: Written, sql: PersonalSql]>>
  readonly partly?: readonly Partly[]
  readonly notForAll?: readonly NotForAll[]
  /** Columns that nobody gets, each with the reason. */
  readonly leftOut: Readonly<Record<string, string>>
  /** True for the rows that an administrator of `{organization}` gets. Not given: all of them, because they are about the account itself. */
  readonly inOrganization?: PersonalSql
}

/**
 * SQL of an erasure: besides `{person}` and `{id}` it has `{things}` (the ids of what belongs to the person: sessions, tokens, and so on),
 * `{addresses}` (their proved addresses), `{mentions}` (a regular expression that finds what names them and nobody else), `{parts}` (the same, also inside longer words) and `{names}` (one that
 * also finds words that are others' too, for rows that are about them anyway).
 */
type ErasingSql = string

/** Columns that are emptied in rows that stay. */
export interface Forgotten {
  /** Which rows. */
  readonly where: ErasingSql
  /** What stands in the columns afterwards. */
  readonly columns: Readonly<Record<string, ErasingSql>>
}

/** What a purge erases of a table. Each column of `people` is said in `gone`, `forgotten` or `kept`, or in several. */
export interface Erasure {
  /** True for the rows that are deleted: those about the person. */
  readonly deleted?: ErasingSql
  /** Columns in which the person stands only in these rows. */
  readonly gone?: readonly string[]
  readonly forgotten?: readonly Forgotten[]
  /** Columns that stay in rows of others, with the reason why they name nobody. */
  readonly kept?: Readonly<Record<string, string>>
  /** The table grows for ever: it is gone through in parts, by its id, and not in one statement. */
  readonly isLong?: true
}

/** Why an id stays in rows of others. */
export const pseudonym = 'is an id, of which nothing says any more whose it was'

/** A table that holds something about people. */
export interface HeldTable {
  /** What it is kept for, in words for the person. */
  readonly purpose: string
  /** Every column in which a person can stand, by an id or by what names or describes them, directly or inside JSON, with what it says. */
  readonly people: Readonly<Record<string, string>>
  /** Columns that look as if a person could stand in them, with the reason why none does. */
  readonly nobody?: Readonly<Record<string, string>>
  /** What a person gets of it; a text is the reason why that is nothing. */
  readonly export: Section | string
  /** What is erased of it when the person is purged. It says so of every column of `people`. */
  readonly purge: Erasure
}

export const byId = { sql: 't.id', type: 'uuid' } as const
