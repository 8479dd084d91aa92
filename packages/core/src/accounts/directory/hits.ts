import { sql } from 'kysely'
import type { RunSelect } from '../../kernel/select.ts'
import type { Position } from '../../kernel/page.ts'
import { refColumns, type UserRef } from './cached-users.ts'
import { phaseOfInside, type Phase, type SearchTerms } from './phases.ts'
import { rowsOf } from './rows.ts'
import type { Sql } from './sql.ts'

/** A user that a search found, and its position in the order. */
export interface Hit extends UserRef {
  readonly phase: number
  readonly key: string
}

interface SearchPosition {
  readonly phase: number
  readonly key: string
  /** null: at the beginning of the phase. */
  readonly id: string | null
}

/** How many of the newest users are sampled to estimate how common a text is. */
const sampled = 1000
/** How many are scanned in order at most, before the trigram index is used instead. */
const mostLookedAt = 20_000

/**
 * The users whose fields contain a text, in the order of the phases. There are two ways to
 * find them, each very slow where the other is fast, and PostgreSQL has too
 * little to choose by: for a text that is in every address the
 * trigram index gives a million rows to sort; for one that nobody has, an ordered index
 * gives a million rows to scan. So a sample decides.
 */
export async function literalHits(select: RunSelect, sought: SearchTerms, position: Position | null, limit: number): Promise<Hit[]> {
  const [phase = 0, key = '', id = null] = position ?? []
  const place: SearchPosition = { phase: Number(phase), key: String(key), id: id === null ? null : String(id) }
  if (!sought.anywhere) return beginningsFrom(select, sought, place, limit)
  const { any, inside } = await sample(select, sought)
  if (any === 0) return ranked(select, sought, place, limit)
  const hits = await beginningsFrom(select, sought, place, limit)
  if (hits.length >= limit) return hits
  const rest = place.phase === phaseOfInside ? place : { phase: phaseOfInside, key: '', id: null }
  return [...hits, ...(await insideFrom(select, sought, rest, { limit: limit - hits.length, inside }))]
}

async function sample(select: RunSelect, { contains, inside, condition }: SearchTerms): Promise<{ any: number; inside: number }> {
  const [row] = await rowsOf<{ any: number; inside: number }>(
    select,
    sql`select count(*)::int as any, (count(*) filter (where ${inside}))::int as inside
      from (select * from users order by id desc limit ${sampled}) u where ${contains} and ${condition}`,
  )
  return row ?? { any: 0, inside: 0 }
}

/** From a position on, phase by phase, each read from its own index. */
async function beginningsFrom(select: RunSelect, sought: SearchTerms, place: SearchPosition, limit: number): Promise<Hit[]> {
  const hits: Hit[] = []
  for (const [number, phase] of sought.beginnings.entries()) {
    if (number < place.phase || hits.length >= limit) continue
    const begin = number === place.phase && place.id !== null ? beyond(phase, place.key, place.id) : sql`true`
    const order = phase.unique ? phase.key : sql`${phase.key}, u.id`
    const rows = await rowsOf<Hit>(
      select,
      sql`select ${refColumns}, ${sql.lit(number)} as phase, ${phase.key} as key from users u
        where ${phase.where} and ${sought.condition} and ${begin} order by ${order} limit ${limit - hits.length}`,
    )
    hits.push(...rows)
  }
  return hits
}

function beyond({ key, unique }: Phase, value: string, id: string): Sql {
  return unique ? sql`${key} > ${value}` : sql`(${key}, u.id) > (${value}, ${id}::uuid)`
}

/** Newest first, scanning as many as needed; if matches are rarer than the sample suggested, by the trigram index. */
async function insideFrom(
  select: RunSelect,
  sought: SearchTerms,
  place: SearchPosition,
  { limit, inside }: { limit: number; inside: number },
): Promise<Hit[]> {
  if (inside > 0) {
    const lookedAt = Math.min(mostLookedAt, Math.ceil((3 * limit * sampled) / inside))
    const begin = place.id === null ? sql`true` : sql`id < ${place.id}::uuid`
    const rows = await rowsOf<Hit>(
      select,
      sql`select ${refColumns}, ${sql.lit(phaseOfInside)} as phase, '' as key
        from (select *, xmin from users where ${begin} order by id desc limit ${lookedAt}) u
        where ${sought.inside} and ${sought.condition} order by u.id desc limit ${limit}`,
    )
    if (rows.length === limit) return rows
  }
  return ranked(select, sought, place, limit)
}

/** Everything that the trigram index finds, then sorted; `offset 0` keeps PostgreSQL from reading in order first. */
async function ranked(select: RunSelect, sought: SearchTerms, { phase, key, id }: SearchPosition, limit: number): Promise<Hit[]> {
  const { contains, condition, beginnings } = sought
  const number = sql.join(
    beginnings.map(({ where }, at) => sql`when ${where} then ${sql.lit(at)}`),
    sql` `,
  )
  const keys = sql.join(
    beginnings.map(({ key: one }, at) => sql`when ${sql.lit(at)} then ${one}`),
    sql` `,
  )
  const from = sql`${phase}::int`
  const later =
    id === null
      ? sql`u.phase >= ${from}`
      : sql`(u.phase > ${from} or (u.phase = ${from} and case when u.phase = ${sql.lit(phaseOfInside)} then u.id < ${id}::uuid
          else (u.key, u.id) > (${key}::text, ${id}::uuid) end))`
  return rowsOf<Hit>(
    select,
    sql`select ${refColumns}, u.phase, u.key
      from (select u.*, case u.phase ${keys} else '' end collate "C" as key
        from (select u.*, u.xmin, case ${number} else ${sql.lit(phaseOfInside)} end as phase from users u where ${contains} and ${condition} offset 0) u) u
      where ${later}
      order by u.phase, u.key, case when u.phase <> ${sql.lit(phaseOfInside)} then u.id end, u.id desc limit ${limit}`,
  )
}
