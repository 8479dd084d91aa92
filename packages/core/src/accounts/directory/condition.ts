import { sql } from 'kysely'
import { arrayLiteral } from '../../kernel/array-literal.ts'
import { uuidOf } from '../../kernel/id.ts'
import type { RunSelect } from '../../kernel/select.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import { emailForm, folded, usernameForm } from '../../text/index.ts'
import { isManaged, type UserKind, type UserStatus } from '../../users/index.ts'
import { eachFilter, type UserFilter } from './filter.ts'
import { rowsOf } from './rows.ts'
import { allOf, anyOf, prefixPattern, hasTrigram, containsPattern, withParameters, type Sql } from './sql.ts'

/** Which users a call is about. */
export interface UserSelection {
  /** Only those whom this organization manages. */
  readonly organizationId?: OrganizationId | undefined
  readonly status?: UserStatus | undefined
  readonly kind?: UserKind | undefined
  readonly where?: UserFilter | undefined
}

/**
 * SQL that is true for the users of a selection; `u` is the alias of `users`.
 * The condition on the organization stands beside the filter, never inside it, so that no
 * `or` or `not` reaches it.
 */
export async function conditionOf(select: RunSelect, { organizationId, status, kind, where }: UserSelection, now: Date): Promise<Sql> {
  return allOf([
    ...(organizationId === undefined ? [] : [withParameters(isManaged, uuidOf(organizationId))]),
    ...(status === undefined ? [] : [sql`u.status = ${status}`]),
    ...(kind === undefined ? [] : [sql`u.kind = ${kind}`]),
    ...(where === undefined ? [] : [conditionOfFilter(where, { now, roles: await rolesNamedIn(select, where) })]),
  ])
}

interface FilterContext {
  readonly now: Date
  /** Ids of roles by their names. */
  readonly roles: ReadonlyMap<string, string>
}

/** Looked up first: knowing the id, PostgreSQL can tell whether everybody has the role or three users. */
async function rolesNamedIn(select: RunSelect, where: UserFilter): Promise<ReadonlyMap<string, string>> {
  const names = [...eachFilter(where)].flatMap(({ role }) => (role === undefined ? [] : [role]))
  if (names.length === 0) return new Map()
  const rows = await rowsOf<{ name: string; id: string }>(
    select,
    sql`select name, id::text as id from roles where organization_id is null and deleted_at is null and name = any(${arrayLiteral(names)}::text[])`,
  )
  return new Map(rows.map(({ name, id }) => [name, id]))
}

function conditionOfFilter(filter: UserFilter, surroundings: FilterContext): Sql {
  const { and, or, not, role, memberOf, lastSeenAt, id, status, kind, homeOrganizationId: home } = filter
  const inner = (one: UserFilter): Sql => conditionOfFilter(one, surroundings)
  return allOf([
    ...(id === undefined ? [] : [sql`u.id = any(${arrayLiteral([id].flat().map(uuidOf))}::uuid[])`]),
    ...(status === undefined ? [] : [isOneOf(sql`u.status`, [status].flat())]),
    ...(kind === undefined ? [] : [isOneOf(sql`u.kind`, [kind].flat())]),
    ...(role === undefined ? [] : [hasRole(surroundings, role)]),
    ...(memberOf === undefined ? [] : [isMemberOf(memberOf)]),
    ...(home === undefined
      ? []
      : [home === null ? sql`u.home_organization_id is null` : sql`u.home_organization_id = ${uuidOf(home)}::uuid`]),
    ...texts.flatMap((field) => (filter[field] === undefined ? [] : [isText(columns[field], filter[field])])),
    ...flags.flatMap((field) => (filter[field] === undefined ? [] : [sql`${flagColumns[field]} = ${filter[field]}::boolean`])),
    ...times.flatMap((field) => (filter[field] === undefined ? [] : [isWithin(timeColumns[field], filter[field])])),
    ...(lastSeenAt === undefined ? [] : [wasSeen(lastSeenAt)]),
    ...(and === undefined ? [] : [allOf(and.map(inner))]),
    ...(or === undefined ? [] : [anyOf(or.map(inner))]),
    // Comparing with null gives null, which `not` must treat as false.
    ...(not === undefined ? [] : [sql`(${inner(not)}) is not true`]),
  ])
}

function isOneOf(column: Sql, values: readonly string[]): Sql {
  const [first] = values
  return values.length === 1 ? sql`${column} = ${first}` : sql`${column} = any(${arrayLiteral(values)}::text[])`
}

/**
 * The role is assigned everywhere and current. Checked per user with
 * `exists`, here and below: for an `in` under a `not`, PostgreSQL
 * reads the whole list again for every user when it does not fit into memory.
 */
function hasRole({ now, roles }: FilterContext, name: string): Sql {
  const id = roles.get(name)
  if (id === undefined) return sql`false`
  const at = now.toISOString()
  return sql`exists (select 1 from role_assignments a where a.user_id = u.id and a.role_id = ${id}::uuid and a.scope_kind = 'system'
    and a.revoked_at is null and a.valid_from <= ${at}::timestamptz and (a.valid_until is null or a.valid_until > ${at}::timestamptz))`
}

function isMemberOf(organizationId: OrganizationId): Sql {
  return sql`exists (select 1 from memberships m where m.user_id = u.id and m.organization_id = ${uuidOf(organizationId)}::uuid)`
}

type Range = { readonly from?: Date | undefined; readonly until?: Date | undefined } | null

function isWithin(column: Sql, range: Range): Sql {
  if (range === null) return sql`${column} is null`
  const { from, until } = range
  return allOf([
    ...(from === undefined ? [] : [sql`${column} >= ${from.toISOString()}::timestamptz`]),
    ...(until === undefined ? [] : [sql`${column} < ${until.toISOString()}::timestamptz`]),
  ])
}

function wasSeen(range: Range): Sql {
  if (range === null) return sql`not exists (select 1 from user_activity s where s.user_id = u.id)`
  return sql`exists (select 1 from user_activity s where s.user_id = u.id and ${isWithin(sql`s.last_seen_at`, range)})`
}

interface TextColumn {
  readonly column: Sql
  /** The expression that is compared. */
  readonly compared: Sql
  /** A text as it is compared: in the same form as what is stored. */
  form(text: string): string
  /** Whether the trigram index covers it. */
  readonly searched: boolean
}

/** Usernames and addresses are stored in their one spelling, and names folded beside themselves. */
function storedAsCompared(column: string, form: (text: string) => string, compared = column): TextColumn {
  return { column: sql.raw(column), compared: sql.raw(compared), form, searched: true }
}

/** Of ASCII: lower case by code points, whatever the locale of the database. */
function ascii(column: string): TextColumn {
  return { column: sql.raw(column), compared: sql.raw(`lower(${column} collate "C")`), form: (text) => text.toLowerCase(), searched: false }
}

const columns = {
  username: storedAsCompared('u.username', usernameForm),
  email: storedAsCompared('u.email', (text) => emailForm(text) ?? text.toLowerCase()),
  fullName: storedAsCompared('u.full_name', folded, 'u.folded_full_name'),
  displayName: { ...storedAsCompared('u.display_name', folded, 'u.folded_display_name'), searched: false },
  phone: ascii('u.phone'),
  locale: ascii('u.locale'),
  timezone: ascii('u.timezone'),
  resourcePolicy: ascii('u.resource_policy'),
} satisfies Partial<Record<keyof UserFilter, TextColumn>>
const texts = Object.keys(columns) as (keyof typeof columns)[]

function isText(column: TextColumn, wanted: NonNullable<UserFilter['username']> | null): Sql {
  if (wanted === null) return sql`${column.column} is null`
  // Redundant for the result, but PostgreSQL needs it to use the index over full names, which has no nulls.
  return sql`(${column.compared} is not null and ${isLike(column, wanted)})`
}

function isLike({ compared, form, searched }: TextColumn, wanted: NonNullable<UserFilter['username']>): Sql {
  if (typeof wanted === 'string') return sql`${compared} = ${form(wanted)}::text`
  if ('in' in wanted) {
    const [only = ''] = wanted.in
    // No value contains a line break, so one parameter carries them all; except a single empty one.
    return wanted.in.length === 1
      ? sql`${compared} = ${form(only)}::text`
      : sql`${compared} = any(string_to_array(${wanted.in.map(form).join('\n')}::text, chr(10)))`
  }
  if ('startsWith' in wanted) return sql`${compared} like ${prefixPattern(form(wanted.startsWith))}::text`
  const found = sql`${compared} like ${containsPattern(form(wanted.contains))}::text`
  return searched && hasTrigram(wanted.contains)
    ? sql`(u.search_text like ${containsPattern(folded(wanted.contains))}::text and ${found})`
    : found
}

const flagColumns = {
  emailVerified: sql.raw('u.email_verified'),
  needPasswordChange: sql.raw('u.need_password_change'),
  sudoSessionEnabled: sql.raw('u.sudo_session_enabled'),
  isBot: sql.raw('u.is_bot'),
  isScanner: sql.raw('u.is_scanner'),
  legalHold: sql.raw('u.legal_hold'),
} satisfies Partial<Record<keyof UserFilter, Sql>>
const flags = Object.keys(flagColumns) as (keyof typeof flagColumns)[]

const timeColumns = {
  createdAt: sql.raw('u.created_at'),
  updatedAt: sql.raw('u.updated_at'),
  statusChangedAt: sql.raw('u.status_changed_at'),
  archivedAt: sql.raw('u.archived_at'),
} satisfies Partial<Record<keyof UserFilter, Sql>>
const times = Object.keys(timeColumns) as (keyof typeof timeColumns)[]
