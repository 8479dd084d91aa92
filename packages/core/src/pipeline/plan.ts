import type { SqlEntityManager } from '@mikro-orm/sql'
import type { ChangedRows, Plan, RowChanges } from '../kernel/plan.ts'
import type { Recorder } from './recorder.ts'

/**
 * The rows that this connection has changed, by table; partitions count for their parent. PostgreSQL counts them, whatever statement made
 * the change. Counters of earlier transactions may still be pending, so use differences.
 */
export async function countChanges(em: SqlEntityManager): Promise<ChangedRows> {
  const rows = await em.execute<{ name: string; inserted: number; updated: number; deleted: number }[]>(
    `select coalesce(parent.relname, s.relname) as name,
        sum(n_tup_ins)::int as inserted, sum(n_tup_upd)::int as updated, sum(n_tup_del)::int as deleted
      from pg_stat_xact_user_tables s
        left join pg_inherits i on i.inhrelid = s.relid left join pg_class parent on parent.oid = i.inhparent
      where s.schemaname = current_schema()
      group by 1`,
  )
  return new Map(rows.map(({ name, ...changes }) => [name, changes]))
}

export function planFrom(before: ChangedRows, after: ChangedRows, { events, jobs, invalidations, undone, failed }: Recorder): Plan {
  const rows = [...after]
    .map(([name, changes]) => {
      const wasted = (undone ?? []).map((item) => difference(item.after.get(name), item.before.get(name)))
      return [name, wasted.reduce(difference, difference(changes, before.get(name)))] as const
    })
    .filter(([name, { inserted, updated, deleted }]) => !bookkeeping.has(name) && inserted + updated + deleted > 0)
    .sort(([left], [right]) => left.localeCompare(right))
  return {
    rows: Object.fromEntries(rows),
    sessionsEnded: sum(invalidations.map(({ sessionsEnded = 0 }) => sessionsEnded)),
    tokensEnded: sum(invalidations.map(({ tokensEnded = 0 }) => tokensEnded)),
    events: tally(events.map(({ type }) => type)),
    jobs: tally(jobs.map(({ name }) => name)),
    failed: failed.toSorted((one, other) => one.index - other.index),
  }
}

/** Tables that the pipeline and the counters' triggers write for every command; plans leave them out. */
const bookkeeping: ReadonlySet<string> = new Set([
  'audit_entries',
  'events',
  'invalidations',
  'idempotency_keys',
  'user_activity',
  // Whether a row is new or not would tell how often somebody else did the same.
  'throttles',
  'permission_uses',
  'user_counters',
  'user_creation_counters',
  'role_counters',
])

const none: RowChanges = { inserted: 0, updated: 0, deleted: 0 }

function difference(now: RowChanges = none, then: RowChanges = none): RowChanges {
  return { inserted: now.inserted - then.inserted, updated: now.updated - then.updated, deleted: now.deleted - then.deleted }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function tally(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
