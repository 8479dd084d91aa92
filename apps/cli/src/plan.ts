import type { Plan } from '@denizen/core/contract'
import { printAnswer, record, table, type Format } from './output.ts'

/** Shows what a command would do. */
export function printPlan(format: Format, plan: Plan): void {
  printAnswer(format, plan, () => planText(plan))
}

function planText({ rows, sessionsEnded, tokensEnded, events, jobs, failed }: Plan): string {
  const tables = Object.entries(rows)
  const changes =
    tables.length === 0
      ? 'No row would change.'
      : table(tables, [
          { title: 'TABLE', value: ([name]) => name },
          { title: 'INSERTED', value: ([, { inserted }]) => inserted },
          { title: 'UPDATED', value: ([, { updated }]) => updated },
          { title: 'DELETED', value: ([, { deleted }]) => deleted },
        ])
  const rest = record([
    ['sessions ended', sessionsEnded],
    ['tokens ended', tokensEnded],
    ['events', counted(events)],
    ['jobs', counted(jobs)],
  ])
  return `Nothing was changed. This would change:\n\n${[changes, rest, ...failures(failed)].join('\n\n')}`
}

/** Items are counted from 1, as people do. */
function failures(failed: Plan['failed']): readonly string[] {
  if (failed.length === 0) return []
  const items = table(failed, [
    { title: '#', value: ({ index }) => index + 1 },
    { title: 'WHY', value: ({ message }) => message },
    { title: 'CODE', value: ({ code }) => code },
  ])
  return [`${failed.length} would fail:\n${items}`]
}

function counted(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).map(([name, count]) => `${name} (${count})`)
}

/** The sum of the plans of several chunks; `start` is the index of a chunk's first item, for the numbers of failed items. */
export function sumOf(parts: readonly { readonly start: number; readonly plan: Plan }[]): Plan {
  const plans = parts.map(({ plan }) => plan)
  const rows: Record<string, { inserted: number; updated: number; deleted: number }> = {}
  for (const plan of plans) {
    for (const [name, { inserted, updated, deleted }] of Object.entries(plan.rows)) {
      const sum = (rows[name] ??= { inserted: 0, updated: 0, deleted: 0 })
      sum.inserted += inserted
      sum.updated += updated
      sum.deleted += deleted
    }
  }
  const total = (pick: (plan: Plan) => number) => plans.reduce((sum, plan) => sum + pick(plan), 0)
  return {
    rows,
    sessionsEnded: total((plan) => plan.sessionsEnded),
    tokensEnded: total((plan) => plan.tokensEnded),
    events: sumCounts(plans.map(({ events }) => events)),
    jobs: sumCounts(plans.map(({ jobs }) => jobs)),
    failed: parts.flatMap(({ start, plan }) => plan.failed.map((item) => ({ ...item, index: item.index + start }))),
  }
}

function sumCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const counts of all) for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
  return sums
}
