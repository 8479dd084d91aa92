import { counted, type FailedItem, type Plan } from '@denizen/core/contract'
import { printAnswer, table, type Format } from './output.ts'

/** An item that would fail, named as in the input; null: it has no name there. */
export interface NamedFailure extends FailedItem {
  readonly who: string | null
}

/** The plan of a batch: the items that would fail have names. */
export type BatchPlan = Omit<Plan, 'failed'> & { readonly failed: readonly NamedFailure[] }

/** Shows what a command would do: as sentences for people; as JSON, every table that it counts. */
export function printPlan(format: Format, plan: Plan | BatchPlan, also: readonly string[] = []): void {
  printAnswer(format, plan, () => planText(plan, also))
}

/** The plan as sentences; `also` stand before those that it makes. */
export function planText({ rows, sessionsEnded, tokensEnded, jobs, failed }: Plan | BatchPlan, also: readonly string[] = []): string {
  const changes = Object.entries(rows)
    .filter(([name]) => !uncounted.has(name))
    .flatMap(([name, counts]) => sentencesOf(name, counts))
  const ended = [
    ...(sessionsEnded > 0 ? [counted(sessionsEnded, 'session ends', 'sessions end')] : []),
    ...(tokensEnded > 0 ? [counted(tokensEnded, 'token stops working', 'tokens stop working')] : []),
  ]
  const mails = Object.entries(jobs).filter(([name]) => /mail/i.test(name))
  const sent = mails.map(([, count]) => `${counted(count, 'email')} ${count === 1 ? 'is' : 'are'} sent`)
  const lines = [...also, ...changes, ...ended, ...sent]
  const told = lines.length === 0 ? 'nothing would change.' : `this would change:\n\n${lines.map((line) => `  ${line}`).join('\n')}`
  return `Dry run: ${told}${failures(failed)
    .map((text) => `\n\n${text}`)
    .join('')}`
}

/** Bookkeeping tables, and tables that other lines already count. */
const uncounted: ReadonlySet<string> = new Set([
  'former_states',
  'sessions',
  'tokens',
  'audit_entries',
  'events',
  'verifications',
  'role_closure',
  'throttles',
  'login_attempts',
])

/** Names of rows, where the table's name does not say it. */
const nouns: Readonly<Record<string, string>> = {
  role_assignments: 'role assignment',
  organization_domains: 'domain',
  team_members: 'team member',
  totp_factors: 'authenticator app',
  policies: 'policy',
  identities: 'identity',
}

function sentencesOf(table: string, { inserted, updated, deleted }: Plan['rows'][string]): readonly string[] {
  const noun = nouns[table] ?? table.replaceAll('_', ' ').replace(/s$/, '')
  const counts = [
    [inserted, 'added'],
    [updated, 'changed'],
    [deleted, 'deleted'],
  ] as const
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${counted(count, noun)} ${count === 1 ? 'is' : 'are'} ${what}`)
}

/** Items are counted from 1, as people do. */
function failures(failed: readonly (FailedItem | NamedFailure)[]): readonly string[] {
  if (failed.length === 0) return []
  const items = table(failed, [
    { title: '#', value: ({ index }) => index + 1 },
    ...(failed.some((item) => 'who' in item) ? [{ title: 'WHO', value: whoIs }] : []),
    { title: 'WHY', value: ({ message }) => message },
    { title: 'CODE', value: ({ code }) => code },
  ])
  return [`${failed.length} would fail:\n${items}`]
}

function whoIs(item: FailedItem | NamedFailure): string | null {
  return 'who' in item ? item.who : null
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
