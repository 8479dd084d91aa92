import { sql } from 'kysely'
import type { RunSelect } from '../../kernel/select.ts'
import type { Position } from '../../kernel/page.ts'
import { refColumns, type UserRef } from './cached-users.ts'
import { phaseOfInside, type Phase, type Sought } from './phases.ts'
import { rowsOf } from './rows.ts'
import type { Sql } from './sql.ts'

/** A user that a search found, and where in its order. */
export interface Hit extends UserRef {
  readonly phase: number
  readonly key: string
}

interface Place {
  readonly phase: number
  readonly key: string
  /** null: at the beginning of the phase. */
  readonly id: string | null
}

/** So many of the newest users are looked at to learn how common a text is. */
const sampled = 1000
/** So many are looked at in order at most, before the trigram index is asked instead. */
const mostLookedAt = 20_000

/**
 * The users who hold a text, in the order of their phases. There are two ways to
 * find them, each hopeless where the other is at its best, and PostgreSQL has too
 * little to guess from which is which: of a text that is in every address the
 * trigram index gives a million rows to sort; of one that nobody has, an index in
 * order gives a million rows to look at. So a sample decides.
 */
export async function literalHits(look: RunSelect, sought: Sought, position: Position | null, limit: number): Promise<Hit[]> {
  const [phase = 0, key = '', id = null] = position ?? []
  const place: Place = { phase: Number(phase), key: String(key), id: id === null ? null : String(id) }
  if (!sought.anywhere) return beginningsFrom(look, sought, place, limit)
  const { any, inside } = await sample(look, sought)
  if (any === 0) return ranked(look, sought, place, limit)
  const hits = await beginningsFrom(look, sought, place, limit)
  if (hits.length >= limit) return hits
  const rest = place.phase === phaseOfInside ? place : { phase: phaseOfInside, key: '', id: null }
  return [...hits, ...(await insideFrom(look, sought, rest, { limit: limit - hits.length, inside }))]
}

async function sample(look: RunSelect, { held, inside, condition }: Sought): Promise<{ any: number; inside: number }> {
  const [row] = await rowsOf<{ any: number; inside: number }>(
    look,
    sql`select count(*)::int as any, (count(*) filter (where ${inside}))::int as inside
      from (select * from users order by id desc limit ${sampled}) u where ${held} and ${condition}`,
  )
  return row ?? { any: 0, inside: 0 }
}

/** From a place on, phase after phase, each read from its own index. */
async function beginningsFrom(look: RunSelect, sought: Sought, place: Place, limit: number): Promise<Hit[]> {
  const hits: Hit[] = []
  for (const [number, phase] of sought.beginnings.entries()) {
    if (number < place.phase || hits.length >= limit) continue
    const begin = number === place.phase && place.id !== null ? beyond(phase, place.key, place.id) : sql`true`
    const order = phase.unique ? phase.key : sql`${phase.key}, u.id`
    const rows = await rowsOf<Hit>(
      look,
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

/** The newest first, as far as they must be looked at to find enough; when they are rarer than the sample said, by the trigram index. */
async function insideFrom(
  look: RunSelect,
  sought: Sought,
  place: Place,
  { limit, inside }: { limit: number; inside: number },
): Promise<Hit[]> {
  if (inside > 0) {
    const lookedAt = Math.min(mostLookedAt, Math.ceil((3 * limit * sampled) / inside))
    const begin = place.id === null ? sql`true` : sql`id < ${place.id}::uuid`
    const rows = await rowsOf<Hit>(
      look,
      sql`select ${refColumns}, ${sql.lit(phaseOfInside)} as phase, '' as key
        from (select *, xmin from users where ${begin} order by id desc limit ${lookedAt}) u
        where ${sought.inside} and ${sought.condition} order by u.id desc limit ${limit}`,
    )
    if (rows.length === limit) return rows
  }
  return ranked(look, sought, place, limit)
}

/** All that the trigram index finds, then put in order; `offset 0` keeps PostgreSQL from reading an order first. */
async function ranked(look: RunSelect, sought: Sought, { phase, key, id }: Place, limit: number): Promise<Hit[]> {
  const { held, condition, beginnings } = sought
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
    look,
    sql`select ${refColumns}, u.phase, u.key
      from (select u.*, case u.phase ${keys} else '' end collate "C" as key
        from (select u.*, u.xmin, case ${number} else ${sql.lit(phaseOfInside)} end as phase from users u where ${held} and ${condition} offset 0) u) u
      where ${later}
      order by u.phase, u.key, case when u.phase <> ${sql.lit(phaseOfInside)} then u.id end, u.id desc limit ${limit}`,
  )
}
