import { counted, type FailedItem, type Plan } from '@denizen/core/contract'
import { inLines, printAnswer, type Format } from './output.ts'
import { table } from './table.ts'

/** An item that would fail, named as in the input; null: it has no name there. */
export interface NamedFailure extends FailedItem {
  readonly who: string | null
}

/** The plan of a batch: the items that would fail have names. */
export type BatchPlan = Omit<Plan, 'failed'> & { readonly failed: readonly NamedFailure[] }

/** Shows what a command would do: as sentences for people; as JSON, every table that it counts. */
export function printPlan(format: Format, plan: Plan | BatchPlan, also: readonly string[] = []): void {
  printAnswer(format, plan, (shown) => planText(shown, inLines(also)))
}

/** The plan as sentences; `also` stand before those that it makes. */
export function planText(
  { rows, sessionsEnded, tokensEnded, events, jobs, failed }: Plan | BatchPlan,
  also: readonly string[] = [],
): string {
  const changes = Object.entries(rows)
    .filter(([name]) => !uncounted.has(name))
    .flatMap(([name, counts]) => sentencesOf(name, counts, events))
  const ended = [
    ...(sessionsEnded > 0 ? [counted(sessionsEnded, 'session ends', 'sessions end')] : []),
    ...(tokensEnded > 0 ? [counted(tokensEnded, 'token stops working', 'tokens stop working')] : []),
  ]
  const mails = Object.entries(jobs).filter(([name]) => /mail/i.test(name))
  const sent = mails.map(([, count]) => counted(count, 'email is sent', 'emails are sent'))
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
  role_assignments: 'assignment',
  organization_domains: 'domain',
  team_members: 'team member',
  totp_factors: 'authenticator app',
  policies: 'policy',
  identities: 'identity',
}

/** What an update of a row is, by the events of the command; and without one of them. Nothing is deleted that can be restored or is history. */
const updates: Readonly<Record<string, { readonly by: Readonly<Record<string, string>>; readonly else?: string }>> = {
  users: { by: { 'users.archived': 'archived', 'users.restored': 'restored', 'users.contained': 'contained' } },
  organizations: { by: { 'organizations.archived': 'archived', 'organizations.restored': 'restored' } },
  organization_domains: { by: { 'organizations.domainRemoved': 'removed', 'organizations.domainVerified': 'verified' } },
  invitations: {
    by: { 'invitations.accepted': 'accepted', 'invitations.declined': 'declined', 'invitations.sent': 'changed' },
    else: 'revoked',
  },
  teams: { by: { 'teams.deleted': 'deleted' } },
  roles: { by: { 'roles.deleted': 'deleted' } },
  resources: { by: { 'resources.deleted': 'deleted' } },
  exclusions: { by: { 'access.exclusionDeleted': 'deleted' } },
  role_assignments: { by: {}, else: 'revoked' },
  role_permissions: { by: {}, else: 'revoked' },
}

/** Rows that stand for something between others, which are not deleted themselves. */
const deletions: Readonly<Record<string, string>> = { memberships: 'ended', team_members: 'removed' }

function sentencesOf(table: string, { inserted, updated, deleted }: Plan['rows'][string], events: Plan['events']): readonly string[] {
  const noun = nouns[table] ?? table.replaceAll('_', ' ').replace(/s$/, '')
  const { by = {}, else: otherwise = 'changed' } = updates[table] ?? {}
  const [, word] = Object.entries(by).find(([event]) => (events[event] ?? 0) > 0) ?? []
  const counts = [
    [inserted, 'added'],
    [updated, word ?? otherwise],
    [deleted, deletions[table] ?? 'deleted'],
  ] as const
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${counted(count, noun)} ${count === 1 ? 'is' : 'are'} ${what}`)
}

/** Items are counted from 1, as people do. */
function failures(failed: readonly (FailedItem | NamedFailure)[]): readonly string[] {
  if (failed.length === 0) return []
  const items = table(failed, [
    { title: '#', value: ({ index }) => index + 1 },
    ...(failed.some((item) => 'who' in item) ? [{ title: 'WHO', value: whoIs }] : []),
    { title: 'WHY', whole: true, kept: true, value: ({ message }) => message },
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
