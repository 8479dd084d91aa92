/** Draws the tables for docs/architecture.md from a migrated database. */

/** A foreign key, as PostgreSQL has it. */
interface ForeignKey {
  readonly from: string
  readonly columns: readonly string[]
  readonly to: string
  /** The reference may be null. */
  readonly optional: boolean
  /** At most one row for each row that it refers to. */
  readonly single: boolean
}

interface KeyColumn {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly primary: boolean
  readonly foreign: boolean
}

export interface Schema {
  readonly foreignKeys: readonly ForeignKey[]
  readonly keyColumns: readonly KeyColumn[]
}

type Rows = <Row extends object>(statement: string) => Promise<Row[]>

interface Picture {
  /** Left to right or top to bottom, whichever leaves room for the labels. */
  readonly direction: 'LR' | 'TB'
  readonly tables: readonly string[]
}

const signingIn = [
  'passwords',
  'former_passwords',
  'totp_factors',
  'recovery_codes',
  'passkeys',
  'identities',
  'challenges',
  'device_logins',
]
const tenancy = ['organizations', 'memberships', 'organization_domains', 'invitations', 'teams', 'team_members', 'resource_policies']
const roles = ['roles', 'role_permissions', 'role_inclusions', 'role_closure', 'role_exclusions', 'role_exclusion_members']

/** Tables that are drawn together. One that others refer to may be in several pictures. */
const pictures: Readonly<Record<string, Picture>> = {
  'An account, and how its user signs in': {
    direction: 'LR',
    tables: ['users', ...signingIn, 'sessions', 'tokens', 'verifications', 'login_attempts'],
  },
  'Organizations, teams and policies': { direction: 'LR', tables: ['users', ...tenancy] },
  'What roles are': { direction: 'LR', tables: roles },
  'Who has which role on what': { direction: 'TB', tables: ['users', 'teams', 'roles', 'resources', 'role_assignments'] },
}

/** Tables that are in no picture, with their purpose. */
const others: Readonly<Record<string, string>> = {
  audit_entries: 'what was done, by whom, and how it ended; one partition a month, append-only',
  events: 'what happened, for subscribers; one partition a month, append-only',
  former_states: 'memberships, seats, statuses and owners as they were before: `access.at` reads it',
  job_runs: 'which job ran when, what it did, and how it ended',
  invalidations: 'what was taken away, for other processes to hear',
  idempotency_keys: 'answers to calls that may be sent again',
  permission_uses: 'which permission was last used when',
  signing_keys: 'keys of signed tokens, sealed under the master key',
  receipt_keys: 'public halves of the keys that signed receipts of purges, kept for good',
  throttles: 'failures to sign in, and how long to wait',
  request_windows: 'calls of a user in a minute, where a policy limits them',
  provider_events: 'webhooks that were taken in, so that none counts twice',
  user_activity: 'when somebody was last seen',
  user_counters: 'how many users there are, by status and kind',
  user_creation_counters: 'how many of the users were created in an hour',
  role_counters: 'how many users have a role everywhere',
  denizen_migrations: 'the migrations that have run',
}

const foreignKeys = `
  select c.conrelid::regclass::text as "from", c.confrelid::regclass::text as "to",
    array_agg(a.attname::text order by k.place) as columns, bool_or(not a.attnotnull) as optional,
    exists (select from pg_index i where i.indrelid = c.conrelid and i.indisunique and i.indpred is null
      and i.indkey::int2[] <@ c.conkey) as single
  from pg_constraint c
  cross join unnest(c.conkey) with ordinality as k (number, place)
  join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number
  where c.contype = 'f' and c.conparentid = 0 and c.connamespace = 'public'::regnamespace
  group by c.oid, c.conname order by 1, c.conname`

const keyColumns = `
  select t.relname::text as "table", a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type,
    coalesce(bool_or(c.contype = 'p'), false) as primary, coalesce(bool_or(c.contype = 'f'), false) as foreign
  from pg_class t
  join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  join pg_constraint c on c.conrelid = t.oid and a.attnum = any(c.conkey) and c.contype in ('p', 'f')
  where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p') and not t.relispartition
  group by t.relname, a.attname, a.attnum, a.atttypid, a.atttypmod order by 1, a.attnum`

export async function readSchema(rows: Rows): Promise<Schema> {
  return { foreignKeys: await rows<ForeignKey>(foreignKeys), keyColumns: await rows<KeyColumn>(keyColumns) }
}

/** Markdown: a picture for each group, and a list of the other tables. A table that has no place is an error. */
export function drawTables(schema: Schema): string {
  const drawn = new Set(Object.values(pictures).flatMap(({ tables }) => tables))
  const named = [...drawn, ...Object.keys(others)]
  const existing = new Set(schema.keyColumns.map(({ table }) => table))
  const wrong = [...existing].filter((table) => !named.includes(table)).concat(named.filter((table) => !existing.has(table)))
  if (wrong.length > 0) throw new Error(`scripts/docs/tables.ts has no place for a table, or one for no table: ${wrong.join(', ')}`)
  const parts = Object.entries(pictures).map(([title, drawing]) => `### ${title}\n\n${picture(schema, drawing)}`)
  const list = Object.entries(others).map(([table, what]) => `| \`${table}\` | ${what} |`)
  return [...parts, '### The other tables', ['| table | what it is for |', '|---|---|', ...list].join('\n')].join('\n\n')
}

function picture({ foreignKeys: keys, keyColumns: columns }: Schema, { direction, tables }: Picture): string {
  const boxes = tables.flatMap((table) => [
    `  ${table} {`,
    ...columns.filter((column) => column.table === table && (column.primary || column.foreign)).map((column) => `    ${lineOf(column)}`),
    '  }',
  ])
  const arrows = keys.filter(({ from, to }) => tables.includes(from) && tables.includes(to)).map(arrow)
  return ['```mermaid', 'erDiagram', `  direction ${direction}`, ...new Set(arrows), ...boxes, '```'].join('\n')
}

function lineOf({ name, type, primary, foreign }: KeyColumn): string {
  const kinds = [primary && 'PK', foreign && 'FK'].filter((kind) => kind !== false)
  return `${type.replaceAll(/\W+/g, '_')} ${name} ${kinds.join(', ')}`
}

function arrow({ from, to, columns, optional, single }: ForeignKey): string {
  return `  ${to} ${optional ? '|o' : '||'}--${single ? 'o|' : 'o{'} ${from} : "${columns.join(', ')}"`
}
