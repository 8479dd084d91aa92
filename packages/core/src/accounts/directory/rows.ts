import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely'
import { idOf, idOrNull } from '../../kernel/id.ts'
import type { RunSelect, Select } from '../../kernel/select.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { UserKind, UserStatus, Account } from '../../users/index.ts'
import type { Sql } from './sql.ts'

const compiler = new Kysely<Record<never, never>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** Compiles a hand-written query. */
export function compiled(query: Sql): Select {
  return query.compile(compiler)
}

/** Runs a hand-written query; planned each time, unless it is a `statement`: a plan that suits one LIKE pattern is bad for another. */
export function rowsOf<Row extends object>(select: RunSelect, query: Sql): Promise<Row[]> {
  return select<Row>(compiled(query))
}

/**
 * The columns of `users as u` that make a user: its id, and the rest as JSON: a page is read
 * several times faster as fifty texts than as two thousand values. Instants are milliseconds.
 */
export const userColumns = sql.raw(
  `u.id::text as id, (select row_to_json(r) from (select ${[
    'u.username, u.email, u.email_verified, u.full_name, u.display_name, u.phone, u.avatar_url, u.locale, u.timezone',
    'u.description, u.status, u.status_reason, u.status_changed_by, u.kind, u.need_password_change, u.allowed_ips, u.resource_policy',
    'u.sudo_session_enabled, u.container, u.preferences, u.public_metadata, u.private_metadata, u.is_bot, u.is_scanner, u.legal_hold',
    'u.archived_by, u.archive_reason, u.home_organization_id, u.version',
    ...['created_at', 'updated_at', 'status_changed_at', 'password_changed_at', 'archived_at', 'grants_frozen_at'].map(
      (column) => `(extract(epoch from u.${column}) * 1000)::float8 as ${column}`,
    ),
  ].join(', ')}) r)::text as record`,
)

/** A row with `userColumns`. */
export interface UserRecord {
  readonly id: string
  readonly record: string
}

interface StoredUser {
  readonly username: string
  readonly email: string | null
  readonly email_verified: boolean
  readonly full_name: string | null
  readonly display_name: string | null
  readonly phone: string | null
  readonly avatar_url: string | null
  readonly locale: string | null
  readonly timezone: string | null
  readonly description: string | null
  readonly status: UserStatus
  readonly status_reason: string | null
  readonly status_changed_at: number | null
  readonly status_changed_by: string | null
  readonly kind: UserKind
  readonly need_password_change: boolean
  readonly password_changed_at: number | null
  readonly allowed_ips: string[]
  readonly resource_policy: string | null
  readonly sudo_session_enabled: boolean
  readonly container: Account['container']
  readonly preferences: JsonObject
  readonly public_metadata: JsonObject
  readonly private_metadata: JsonObject
  readonly is_bot: boolean
  readonly is_scanner: boolean
  readonly legal_hold: boolean
  readonly archived_at: number | null
  readonly archived_by: string | null
  readonly archive_reason: string | null
  readonly grants_frozen_at: number | null
  readonly home_organization_id: string | null
  readonly version: number
  readonly created_at: number
  readonly updated_at: number
}

/** The user in such a row. */
export function userIn({ id, record }: UserRecord): Account {
  const row = JSON.parse(record) as StoredUser
  return {
    id: idOf('usr', id),
    ...profileIn(row),
    ...stateIn(row),
    needPasswordChange: row.need_password_change,
    passwordChangedAt: instantOf(row.password_changed_at),
    allowedIps: row.allowed_ips,
    resourcePolicy: row.resource_policy,
    sudoSessionEnabled: row.sudo_session_enabled,
    container: row.container,
    homeOrganizationId: idOrNull('org', row.home_organization_id),
    version: row.version,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  }
}

function profileIn(row: StoredUser) {
  return {
    username: row.username,
    email: row.email,
    emailVerified: row.email_verified,
    fullName: row.full_name,
    displayName: row.display_name,
    phone: row.phone,
    avatarUrl: row.avatar_url,
    locale: row.locale,
    timezone: row.timezone,
    description: row.description,
    preferences: row.preferences,
    publicMetadata: row.public_metadata,
    privateMetadata: row.private_metadata,
  }
}

function stateIn(row: StoredUser) {
  return {
    status: row.status,
    statusReason: row.status_reason,
    statusChangedAt: instantOf(row.status_changed_at),
    statusChangedBy: idOrNull('usr', row.status_changed_by),
    kind: row.kind,
    isBot: row.is_bot,
    isScanner: row.is_scanner,
    legalHold: row.legal_hold,
    archivedAt: instantOf(row.archived_at),
    archivedBy: idOrNull('usr', row.archived_by),
    archiveReason: row.archive_reason,
    grantsFrozenAt: instantOf(row.grants_frozen_at),
  }
}

function instantOf(milliseconds: number | null): Date | null {
  return milliseconds === null ? null : new Date(milliseconds)
}
