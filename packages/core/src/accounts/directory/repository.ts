import type { SqlEntityManager } from '@mikro-orm/sql'
import { sql } from 'kysely'
import { idOf } from '../../kernel/id.ts'
import type { Position } from '../../kernel/page.ts'
import type { UserId } from '../../users/index.ts'
import type { Account } from '../account.ts'
import { countFromCounters } from '../activity/repository.ts'
import { conditionOf, type Selection } from './condition.ts'
import { after, orderIn, runs, type Order, type Run } from './order.ts'
import { rowsOf, userColumns, userIn, type UserRecord } from './rows.ts'
import type { Sql } from './text.ts'

/** One page of users, and where the next one begins (null: there is none). */
export interface UserPage {
  readonly users: readonly Account[]
  readonly next: Position | null
}

/** The users of a selection in order, from a position on that an earlier page gave. */
export async function selectUsers(
  em: SqlEntityManager,
  selection: Selection,
  { order, position, limit, now }: { order: Order; position: Position | null; limit: number; now: Date },
): Promise<UserPage> {
  const condition = await conditionOf(em, selection, now)
  const found: Found[] = []
  const [first = 0, ...place] = position ?? []
  for (let number = Number(first); number < runs[order.by].length && found.length <= limit; number++) {
    const run = runs[order.by][number]
    if (run === undefined) break
    const begin = position !== null && number === first ? after(run, order.direction, placeOf(place)) : sql`true`
    const rows = await rowsOf<FoundRecord>(em, pageOf(run, order, sql`${condition} and ${begin}`, limit + 1 - found.length))
    found.push(...rows.map((row) => ({ user: userIn(row), position: [number, row.key, row.id] })))
  }
  const page = found.slice(0, limit)
  return { users: page.map(({ user }) => user), next: found.length > limit ? (page.at(-1)?.position ?? null) : null }
}

interface FoundRecord extends UserRecord {
  readonly key: string | number | null
}

interface Found {
  readonly user: Account
  readonly position: Position
}

function pageOf(run: Run, { direction }: Order, condition: Sql, limit: number): Sql {
  const key = run.key === null ? sql`null` : run.key.sent
  return sql`select ${userColumns}, ${key} as key from ${run.from} where ${run.where} and ${condition}
    order by ${orderIn(run, direction)} limit ${limit}`
}

function placeOf([key = null, id = '']: Position): { key: string | number | null; id: string } {
  return { key, id: String(id) }
}

/** Exactly how many users are in a selection: from the counters where those know, else by looking at each. */
export async function countUsers(em: SqlEntityManager, selection: Selection, now: Date): Promise<number> {
  const { organizationId, where, ...counted } = selection
  if (organizationId === undefined && where === undefined) return countFromCounters(em, counted)
  const [row] = await rowsOf<{ count: number }>(
    em,
    sql`select count(*)::int as count from users u where ${await conditionOf(em, selection, now)}`,
  )
  return row?.count ?? 0
}

/** The ids of the users of a selection, in order of id; at most so many. */
export async function selectUserIds(
  em: SqlEntityManager,
  selection: Selection,
  { limit, now }: { limit: number; now: Date },
): Promise<UserId[]> {
  const condition = await conditionOf(em, selection, now)
  const rows = await rowsOf<{ id: string }>(em, sql`select u.id::text as id from users u where ${condition} order by u.id limit ${limit}`)
  return rows.map(({ id }) => idOf('usr', id))
}
