import { shellWord, signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, type LeafOptions } from '../action-command.ts'
import { bars } from '../chart.ts'
import { denizen } from '../common-options.ts'
import { bold, printable, record } from '../output.ts'
import { table } from '../table.ts'
import { addPaged } from '../paged-command.ts'
import { userColumns } from './users-text.ts'

const { users: actions } = signatures

/** What `--where` and `--filter` take. */
const conditions = `
Conditions (--where, and --filter of the bulk commands) are a JSON object; all of its fields must match:
  texts     username, email, fullName, displayName, phone, locale, timezone, resourcePolicy:
            "ada", {"in":["ada","bob"]}, {"startsWith":"a"}, {"contains":"d"}, null for none
  values    status, kind, id: one or a list; role: the name of one; memberOf, homeOrganizationId: an id
  yes, no   emailVerified, needPasswordChange, sudoSessionEnabled, isBot, isScanner, legalHold
  times     createdAt, updatedAt, lastSeenAt, statusChangedAt, archivedAt: {"from":"…","until":"…"}
  combined  {"and":[…]}, {"or":[…]}, {"not":{…}}`

/** With --org these are not its members. */
function managedOnly(_: unknown, { org }: LeafOptions): string {
  if (typeof org !== 'string') return ''
  return `These are accounts that ${printable(org)} manages, not all of its members; those: ${denizen} orgs list-members ${shellWord(org)}`
}

/** Lists, searches and counts of users. */
export function addDirectory(users: Command): void {
  addPaged(users, {
    signature: actions.list,
    extend: (command) => void command.addHelpText('after', conditions),
    things: 'users',
    columns: userColumns,
    remark: managedOnly,
    examples: [
      'users list',
      'users list --status suspended --total',
      'users list --sort-by lastSeenAt --order asc --where \'{"lastSeenAt":{"until":"2026-01-01T00:00:00Z"}}\'',
      'users list --org acme',
      'users list --all --ndjson > users.ndjson',
    ],
  })
  addPaged(users, {
    signature: actions.search,
    arguments: ['query'],
    things: 'users',
    columns: [{ title: 'MATCH', value: ({ match }) => match }, ...userColumns],
    remark: managedOnly,
    examples: ['users search lovelace', 'users search @example.org --status active --total'],
  })
  addNumbers(users)
  addPaged(users, {
    signature: actions.listWithSessions,
    things: 'users',
    columns: [
      { title: 'USERNAME', whole: true, value: ({ user }) => user.username },
      { title: 'EMAIL', value: ({ user }) => user.email },
      { title: 'STATUS', value: ({ user }) => user.status },
      { title: 'SESSIONS', value: ({ activeSessions }) => activeSessions },
      { title: 'LAST SEEN', value: ({ lastSeenAt }) => lastSeenAt },
      { title: 'ID', whole: true, value: ({ user }) => user.id },
    ],
    remark: managedOnly,
    examples: ['users list-with-sessions', 'users list-with-sessions --status active --all --json'],
  })
}

function addNumbers(users: Command): void {
  addAction(users, {
    signature: actions.count,
    show: ({ count }) => String(count),
    examples: ['users count', 'users count --where \'{"role":"superadmin"}\''],
  })
  addAction(users, { signature: actions.stats, show: statsText, examples: ['users stats', 'users stats --org acme --json'] })
  addAction(users, { signature: actions.activity, arguments: ['userId'], show: activityText, examples: ['users activity ada'] })
}

/** Numbers as lines, distributions as bars. */
function statsText(stats: OutputOf<typeof actions.stats>): string {
  const numbers = record([
    ['users', stats.total],
    ['admins', stats.admins],
    ['anonymous', stats.anonymous],
    ['bots', stats.bots],
    ['oldest', stats.oldest],
    ['newest', stats.newest],
  ])
  const created = { '24 hours': stats.created24h, '7 days': stats.created7d, '30 days': stats.created30d }
  const charts: readonly (readonly [string, Readonly<Record<string, number>>])[] = [
    ['New in the last', created],
    ['By status', stats.byStatus],
    ['By role', stats.byRole],
  ]
  const drawn = charts.filter(([, counts]) => Object.keys(counts).length > 0).map(([title, counts]) => `${bold(title)}\n${bars(counts)}`)
  return [numbers, ...drawn].join('\n\n')
}

function activityText(activity: OutputOf<typeof actions.activity>, _: unknown, [user]: readonly string[]): string {
  const { signIns } = activity
  const rest = record([
    ['user', user ?? activity.userId],
    ['last seen', activity.lastSeenAt ?? 'never'],
    ['organizations', activity.organizations],
  ])
  const things = table(
    [
      { what: 'sessions', active: activity.activeSessions, all: activity.sessions },
      { what: 'tokens', active: activity.activeTokens, all: null },
    ],
    [
      { title: 'WHAT', value: ({ what }) => what },
      { title: 'ACTIVE', value: ({ active }) => active },
      { title: 'EVER', value: ({ all }) => all },
    ],
  )
  const tries = table(
    [
      { outcome: 'succeeded', count: signIns.succeeded, last: signIns.lastSucceededAt },
      { outcome: 'failed', count: signIns.failed, last: signIns.lastFailedAt },
    ],
    [
      { title: 'SIGN-INS', value: ({ outcome }) => outcome },
      { title: 'COUNT', value: ({ count }) => count },
      { title: 'LAST', value: ({ last }) => last },
    ],
  )
  return [rest, things, tries].join('\n\n')
}
