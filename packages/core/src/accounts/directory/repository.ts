import { sql } from 'kysely'
import { idOf } from '../../kernel/id.ts'
import type { RunSelect, Reader } from '../../kernel/select.ts'
import type { Position } from '../../kernel/page.ts'
import { preparedStatements, statement } from '../../kernel/statement.ts'
import type { UserId } from '../../users/index.ts'
import { sumOfCounters } from '../activity/repository.ts'
import { conditionOf, type UserSelection } from './condition.ts'
import { loadUsers, versionColumn, type CachedUser, type UserRef } from './cached-users.ts'
import { after, orderIn, runs, type Order, type Run } from './order.ts'
import { compiled, rowsOf } from './rows.ts'
import { withParameters, type Sql } from './sql.ts'

/** One page of users, and where the next one begins (null: it is the last). */
export interface UserPage {
  readonly users: readonly CachedUser[]
  readonly next: Position | null
  /** The total, if it was asked for. */
  readonly total: number | null
}

export interface PageOrder {
  readonly order: Order
  readonly position: Position | null
  readonly limit: number
  readonly total: boolean
  readonly now: Date
}

/** A page of the users of a selection, from the position where an earlier page ended. */
export async function selectUsers(reader: Reader, selection: UserSelection, page: PageOrder): Promise<UserPage> {
  const { order, position, limit, now } = page
  const condition = await conditionOf(reader.select, selection, now)
  const refs: PlacedRef[] = []
  let total: number | null = null
  const [first = 0, ...place] = position ?? []
  for (let number = Number(first); number < runs[order.by].length && refs.length <= limit; number++) {
    const run = runs[order.by][number]
    if (run === undefined) break
    const begin = position !== null && number === first ? after(run, order.direction, placeOf(place)) : sql`true`
    const counted = page.total && total === null ? totalOf(selection, condition) : sql`null::int`
    const query = pageOf(run, order, { condition: sql`${condition} and ${begin}`, limit: limit + 1 - refs.length, counted })
    if (isUsual(selection, limit)) prepare(query)
    const [row] = await rowsOf<PageRecord>(reader.select, query)
    total ??= row?.total ?? null
    refs.push(...refsIn(row?.page ?? '', number, run))
  }
  const shown = await loadUsers(reader, refs.slice(0, limit), condition)
  return {
    users: shown.map(({ found }) => found),
    next: refs.length > limit ? (refs[limit - 1]?.position ?? null) : null,
    total,
  }
}

interface PageRecord {
  readonly total: number | null
  /** A line for each user: see `pageOf`. */
  readonly page: string
}

interface PlacedRef extends UserRef {
  readonly position: Position
}

/** Ids, versions and keys of a page as one text: reading fifty rows of three columns costs twice as much. */
function pageOf(
  run: Run,
  { direction }: Order,
  { condition, limit, counted }: { readonly condition: Sql; readonly limit: number; readonly counted: Sql },
): Sql {
  const key = run.key === null ? sql`''` : run.key.sent
  // A literal limit lets PostgreSQL use it in a generic plan.
  return sql`select ${counted} as total, array_to_string(array(
      select u.id || ' ' || ${versionColumn} || ' ' || ${key} from ${run.from} where ${run.where} and ${condition}
        order by ${orderIn(run, direction)} limit ${sql.lit(limit)}), chr(10)) as page`
}

/** No key contains a line break. */
function refsIn(page: string, number: number, { key }: Run): PlacedRef[] {
  if (page === '') return []
  return page.split('\n').map((line) => {
    const [idEnd, versionEnd] = [line.indexOf(' '), line.indexOf(' ', line.indexOf(' ') + 1)]
    const [id, sent] = [line.slice(0, idEnd), line.slice(versionEnd + 1)]
    const place = key === null ? null : key.type === 'instant' ? Number(sent) : sent
    return { id, version: line.slice(idEnd + 1, versionEnd), position: [number, place, id] }
  })
}

/** The most common list of all users: prepared once. With a condition the best plan depends on its values. */
function isUsual({ organizationId, status, kind, where }: UserSelection, limit: number): boolean {
  return organizationId === undefined && status === undefined && kind === undefined && where === undefined && limit === usualLimit
}

const usualLimit = 50

/** Orders, directions, first and later pages, with and without a total: a few dozen at most. */
function prepare(query: Sql): void {
  const { sql: text } = compiled(query)
  if (!preparedStatements.has(text)) statement(`users_page_${preparedStatements.size}`, text)
}

function placeOf([key = null, id = '']: Position): { key: string | number | null; id: string } {
  return { key, id: String(id) }
}

/** The exact number of users in a selection: from the counters where possible, else counted. */
export async function countUsers(select: RunSelect, selection: UserSelection, now: Date): Promise<number> {
  const [row] = await rowsOf<{ count: number }>(
    select,
    sql`select ${totalOf(selection, await conditionOf(select, selection, now))} as count`,
  )
  return row?.count ?? 0
}

function totalOf({ organizationId, status, kind, where }: UserSelection, condition: Sql): Sql {
  if (organizationId === undefined && where === undefined) return withParameters(sumOfCounters, status ?? null, kind ?? null)
  return sql`(select count(*)::int from users u where ${condition})`
}

/** The ids of the users of a selection, in order of id, at most `limit`. */
export async function selectUserIds(
  select: RunSelect,
  selection: UserSelection,
  { limit, now }: { limit: number; now: Date },
): Promise<UserId[]> {
  const condition = await conditionOf(select, selection, now)
  const rows = await rowsOf<{ id: string }>(
    select,
    sql`select u.id::text as id from users u where ${condition} order by u.id limit ${limit}`,
  )
  return rows.map(({ id }) => idOf('usr', id))
}
