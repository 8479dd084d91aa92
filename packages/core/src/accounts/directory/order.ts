import { sql } from 'kysely'
import type { UserSort } from './signatures.ts'
import type { Sql } from './sql.ts'

/** The order of a list of users. */
export interface Order {
  readonly by: UserSort
  readonly direction: 'asc' | 'desc'
}

/**
 * A run of users that one index returns in order. Some orders have two: users
 * with a value, then those without, by id; as one run, an index would
 * have to be read from both ends.
 */
export interface Run {
  /** The FROM clause, with `users as u` in it. */
  readonly from: Sql
  readonly where: Sql
  /** What is sorted by before the id; null: nothing. */
  readonly key: Key | null
  readonly id: Sql
}

interface Key {
  readonly value: Sql
  /** As stored in a cursor: exact, where a Date would lose microseconds. */
  readonly sent: Sql
  /** Values are unique, so the id is not needed to sort. */
  readonly unique: boolean
  readonly type: 'instant' | 'text'
}

function instantKey(column: string): Key {
  return {
    value: sql.raw(column),
    sent: sql.raw(`round(date_part('epoch', ${column}) * 1e6)::int8`),
    unique: false,
    type: 'instant',
  }
}

function uniqueTextKey(column: string): Key {
  return { value: sql.raw(column), sent: sql.raw(column), unique: true, type: 'text' }
}

const users = { from: sql`users u`, where: sql`true`, id: sql`u.id` }

/** The runs of each order, in sequence. */
export const runs: Readonly<Record<UserSort, readonly Run[]>> = {
  createdAt: [{ ...users, key: instantKey('u.created_at') }],
  updatedAt: [{ ...users, key: instantKey('u.updated_at') }],
  username: [{ ...users, key: uniqueTextKey('u.username') }],
  email: [
    { ...users, where: sql`u.email is not null`, key: uniqueTextKey('u.email') },
    { ...users, where: sql`u.email is null`, key: null },
  ],
  lastSeenAt: [
    {
      from: sql`user_activity seen join users u on u.id = seen.user_id`,
      where: sql`true`,
      key: instantKey('seen.last_seen_at'),
      id: sql`seen.user_id`,
    },
    { ...users, where: sql`not exists (select 1 from user_activity seen where seen.user_id = u.id)`, key: null },
  ],
}

/** The ORDER BY of a run. */
export function orderIn({ key, id }: Run, direction: Order['direction']): Sql {
  const way = sql.raw(direction)
  if (key === null) return sql`${id} ${way}`
  return key.unique ? sql`${key.value} ${way}` : sql`${key.value} ${way}, ${id} ${way}`
}

/** SQL for the users after a position in a run. */
export function after(
  { key, id }: Run,
  direction: Order['direction'],
  place: { readonly key: string | number | null; readonly id: string },
): Sql {
  const beyond = sql.raw(direction === 'asc' ? '>' : '<')
  if (key === null) return sql`${id} ${beyond} ${place.id}::uuid`
  const value = key.type === 'instant' ? sql`${isoOf(Number(place.key))}::timestamptz` : sql`${place.key}::text`
  return key.unique ? sql`${key.value} ${beyond} ${value}` : sql`(${key.value}, ${id}) ${beyond} (${value}, ${place.id}::uuid)`
}

/** An instant with microseconds, as PostgreSQL stores it and a Date cannot. */
function isoOf(microseconds: number): string {
  const milliseconds = Math.floor(microseconds / 1000)
  const rest = String(microseconds - milliseconds * 1000).padStart(3, '0')
  return new Date(milliseconds).toISOString().replace('Z', `${rest}Z`)
}
