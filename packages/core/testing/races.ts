import { Client } from 'pg'
import { onTestFinished, vi } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import type { World } from './world.ts'

type Call<Value> = () => Promise<Value>

/** As many transactions at once make a race (CONTRIBUTING.md). */
const atOnce = 20

/** What a race is about. */
export interface RaceOptions {
  /** A call that stands at the head of the queue: the others begin when it waits. */
  readonly first?: Call<unknown>
  /** So many have to wait before any of them goes on. Default: 20, or all of them where they are fewer. */
  readonly least?: number
}

/**
 * Runs calls at once, and holds them back at a lock until at least 20 transactions wait, for each other or at the
 * gate: what they read before, they read before any of them has committed. PGlite runs one transaction after the other and
 * hides every race, so the world is one on PostgreSQL, with at least as many connections.
 * @param gate SQL of what they wait for: `lock table users in share mode`.
 * @returns what became of the calls, in their order; of `first` at the end.
 */
export async function raced<Value>(
  { connect }: Pick<World, 'connect'>,
  gate: string,
  calls: readonly Call<Value>[],
  { first, least = Math.min(calls.length, atOnce) }: RaceOptions = {},
): Promise<PromiseSettledResult<Value>[]> {
  const [holder, watcher] = [await connect(), await connect()] // inside a transaction, pg_stat_activity stands still
  holding++
  try {
    await holder.query(`begin; ${gate}`)
    const leading = first?.()
    if (leading !== undefined) await untilWaiting(watcher, 1)
    const failures: unknown[] = []
    const working = calls.map((call) => call())
    for (const work of working) work.catch((error: unknown) => failures.push(error))
    const settled = Promise.allSettled([...working, ...(leading === undefined ? [] : [leading])])
    try {
      await untilWaiting(watcher, least).catch((error: unknown) => {
        console.log(`${failures.length} calls had failed by then:`, failures.slice(0, 3))
        throw error
      })
    } finally {
      await holder.query('commit')
    }
    return (await settled) as PromiseSettledResult<Value>[]
  } finally {
    holding--
    await Promise.all([holder.end(), watcher.end()])
  }
}

/** Waits until so many transactions of the database wait for a lock. */
export async function untilWaiting(watcher: Awaited<ReturnType<World['connect']>>, count: number): Promise<void> {
  const waiting = `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await eventually(30_000, `${count} transactions waiting for a lock`, async () => {
    const { rows } = await watcher.query<{ count: number }>(waiting)
    return (rows[0]?.count ?? 0) >= count
  }).catch(async (error: unknown) => {
    const doing = `select state, wait_event_type, wait_event, left(query, 100) as query from pg_stat_activity where datname = current_database()`
    console.log('What the connections did instead:', (await watcher.query(doing)).rows)
    throw error
  })
}

/**
 * Opens so many connections of core's pool at once: it opens them as they are wanted, and of those who come together the
 * first would be done before there is a second connection.
 */
export async function openConnections({ connect, rows }: Pick<World, 'connect' | 'rows'>, count: number): Promise<void> {
  const waiting = () => rows('select pg_advisory_xact_lock_shared(1)')
  await raced(
    { connect },
    'select pg_advisory_xact_lock(1)',
    Array.from({ length: count }, () => waiting),
    { least: count },
  )
}

/** A control: races without the guard again and again until what the guard prevents has happened. */
export async function untilSeen(fault: string, race: () => Promise<boolean>): Promise<void> {
  await eventually(40_000, fault, race, 0)
}

/** What those gave that succeeded. */
export function won<Value>(results: readonly PromiseSettledResult<Value>[]): Value[] {
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

/** Why the others failed. */
export function lost(results: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
}

/** The same, as the codes of their errors. */
export function lostCodes(results: readonly PromiseSettledResult<unknown>[]): string[] {
  return lost(results).map((error) => (error as { code: string }).code)
}

const driver = Client.prototype as { query(this: Client, text: unknown, ...rest: unknown[]): unknown }
const { query } = driver

/** How many races are under way. */
let holding = 0

/** In a race calls wait in one go. Core's own bound would have them begin again and again, and how many wait would be luck. */
const send: typeof query = function (text, ...rest) {
  return query.call(this, holding > 0 && isBound(text) ? { ...text, values: ['0'] } : text, ...rest)
}
driver.query = send

/** The statement that bounds how long a transaction waits (kernel/locks.ts). */
function isBound(text: unknown): text is object {
  return isPrepared(text) && text.text.includes("set_config('lock_timeout'")
}

/**
 * Takes guards out of the statements that hold them, and with them the locks that have a name (kernel/locks.ts), to show
 * that a race would be lost without them; everything else stays real, until the end of the test or `vi.restoreAllMocks`.
 * @param change The statement without its guard; as it is where it holds none. It sees statements as core writes them,
 * with `?` for their parameters, and those that are prepared with `$1`.
 * @returns how many statements were changed so far.
 */
export function withoutGuard({ orm }: Pick<World, 'orm'>, change: (statement: string) => string): () => number {
  let count = 0
  const changed = <Query>(query: Query): Query | string => {
    if (typeof query !== 'string') return query
    const text = change(query)
    if (text !== query) count++
    return withoutNamedLocks(text)
  }
  const connection = orm.em.getConnection()
  const execute = connection.execute.bind(connection)
  const executing = vi.spyOn(connection, 'execute').mockImplementation((query, ...rest) => execute(changed(query), ...rest))
  // Core's own statements go to the driver.
  const { database } = connection.getConnectionOptions()
  const sending = vi.spyOn(driver, 'query').mockImplementation(function (this: Client, text, ...rest) {
    if (this.database !== database || isBound(text)) return send.call(this, text, ...rest)
    return isPrepared(text) ? send.call(this, changed(text.text), text.values, ...rest) : send.call(this, changed(text), ...rest)
  })
  onTestFinished(() => [executing, sending].forEach((spy) => spy.mockRestore()))
  return () => count
}

/** Those of kernel/locks.ts and of the pipeline only, by what they answer or what they are a condition of. */
function withoutNamedLocks(statement: string): string {
  return /\bheld\b|\(hashtextextended\([^)]*\)\) is not null/.test(statement)
    ? statement.replace(/pg_advisory_xact_lock(?:_shared)?\((hashtextextended\([^)]*\))\)/, '$1')
    : statement
}

/** Changed, it is sent without its name: under that, the connection may know the statement as it was. */
function isPrepared(query: unknown): query is { readonly name: string; readonly text: string; readonly values: unknown[] } {
  return typeof query === 'object' && query !== null && 'name' in query
}
