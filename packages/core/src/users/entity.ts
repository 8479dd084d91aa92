import { defineEntity, p, UnderscoreNamingStrategy } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Id } from '../kernel/id.ts'
import { folded } from '../text/index.ts'
import { directoryIndexes, skeletonIndex, usersSkeletonUnique } from './indexes.ts'
import { searchTextExpression } from './search.ts'
import { storedSkeleton } from './usernames.ts'
import type { Container, UserId, UserKind, UserStatus } from './model.ts'
import type { OperatorHold } from './operator-holds.ts'

export const usersEmailUnique = 'users_email_unique'
export const usersUsernameUnique = 'users_username_unique'

/** Text made from other columns when they are written; never read with the row. */
function derivedText(derive: (user: NamedUser) => string | null) {
  return p.string().columnType('text').collation('C').$type<string | null>().onUpdate(derive).strictNullable().lazy().hidden()
}

interface NamedUser {
  readonly username: string
  readonly fullName: string | null
  readonly displayName: string | null
}

const UserSchema = defineEntity({
  name: 'UserRow',
  tableName: 'users',
  properties: {
    id: idColumn('usr').primary(),
    /** Collated by code points, like the address: one index then serves uniqueness, order and prefixes, whatever the locale of the database. */
    username: p.string().columnType('text').collation('C'),
    email: p.string().columnType('text').collation('C').strictNullable().$type<string>(),
    emailVerified: p.boolean().default(false),
    /** An address that the user asked for and has not proved: it identifies nobody, and any number of users may ask for the same. */
    pendingEmail: p.string().columnType('text').collation('C').strictNullable().$type<string>(),
    pendingEmailAt: instant().strictNullable().$type<Date>(),
    /** The account was made for its address by an operator or an import, and waits for whoever proves it. Never again once any address was proved, or changed. */
    reclaimable: p.boolean().default(false),
    fullName: p.string().columnType('text').strictNullable().$type<string>(),
    displayName: p.string().columnType('text').strictNullable().$type<string>(),
    phone: p.string().columnType('text').strictNullable().$type<string>(),
    avatarUrl: p.string().columnType('text').strictNullable().$type<string>(),
    locale: p.string().columnType('text').strictNullable().$type<string>(),
    timezone: p.string().columnType('text').strictNullable().$type<string>(),
    description: p.string().columnType('text').strictNullable().$type<string>(),
    status: p.string().columnType('text').$type<UserStatus>(),
    statusReason: p.string().columnType('text').strictNullable().$type<string>(),
    statusChangedAt: instant().strictNullable().$type<Date>(),
    statusChangedBy: idColumn('usr').strictNullable().$type<UserId>(),
    kind: p.string().columnType('text').$type<UserKind>(),
    needPasswordChange: p.boolean().default(false),
    /** A second factor must be enrolled, whatever the installation requires: an operator reset the factors. */
    needFactor: p.boolean().default(false),
    passwordChangedAt: instant().strictNullable().$type<Date>(),
    allowedIps: p.array().columnType('text[]').$type<string[]>().defaultRaw(`'{}'`),
    /** Who set `allowedIps`; null: there are none, or it was before this was recorded. */
    limitedBy: p.string().columnType('text').strictNullable().$type<'owner' | 'organization' | 'operator'>().hidden(),
    resourcePolicy: p.string().columnType('text').strictNullable().$type<string>(),
    sudoSessionEnabled: p.boolean().default(false),
    container: p.json().columnType('jsonb').strictNullable().$type<Container>(),
    preferences: p.json().columnType('jsonb').$type<JsonObject>(),
    publicMetadata: p.json().columnType('jsonb').$type<JsonObject>().defaultRaw(`'{}'`),
    privateMetadata: p.json().columnType('jsonb').$type<JsonObject>().defaultRaw(`'{}'`),
    isBot: p.boolean().default(false),
    isScanner: p.boolean().default(false),
    legalHold: p.boolean().default(false),
    archivedAt: instant().strictNullable().$type<Date>(),
    archivedBy: idColumn('usr').strictNullable().$type<UserId>(),
    archiveReason: p.string().columnType('text').strictNullable().$type<string>(),
    /** The status before archiving: restoring brings it back. */
    archivedStatus: p.string().columnType('text').strictNullable().$type<UserStatus>(),
    /** Since when the roles and memberships of the user grant nothing (see `users.contain`). */
    grantsFrozenAt: instant().strictNullable().$type<Date>(),
    /** What no organization's administrator gives back. */
    operatorHolds: p.array().columnType('text[]').$type<OperatorHold[]>().defaultRaw(`'{}'`).hidden(),
    /** The organization that created the account. It manages the account while the address is in one of its verified domains, or there is no address. */
    homeOrganizationId: idColumn('org').strictNullable().$type<Id<'org'>>(),
    /** The export and the record in it that the user was made from: `keycloak:example:id:7c0…`. A repeated import finds the user by it. */
    importedFrom: p.string().columnType('text').collation('C').strictNullable().$type<string>().lazy().hidden(),
    version: p.integer().version(),
    createdAt: instant(),
    updatedAt: instant(),
    /** What the username looks like (UTS 39); null: it is ASCII, and looks like itself. These three are written with what they are made from. */
    usernameSkeleton: derivedText(({ username }) => storedSkeleton(username)),
    /** As searches compare them. */
    foldedFullName: derivedText(({ fullName }) => fullName && folded(fullName)),
    foldedDisplayName: derivedText(({ displayName }) => displayName && folded(displayName)),
    /** Generated by the database; used by searches only. */
    searchText: p.string().columnType('text').generated(`(${searchTextExpression}) stored`).lazy().hidden(),
  },
  uniques: [
    { name: usersEmailUnique, properties: ['email'] },
    { name: usersUsernameUnique, properties: ['username'] },
  ],
  indexes: [
    { name: 'users_created_at_index', properties: ['createdAt', 'id'] },
    { name: 'users_updated_at_index', properties: ['updatedAt', 'id'] },
    { name: usersSkeletonUnique, expression: skeletonIndex },
    ...directoryIndexes.map(([name, definition]) => ({ name, expression: `create index "${name}" on "users" ${definition}` })),
    {
      name: 'users_home_organization_index',
      expression: `create index "users_home_organization_index" on "users" ("home_organization_id", "created_at", "id") where "home_organization_id" is not null`,
    },
    {
      name: 'users_imported_from_index',
      expression: `create index "users_imported_from_index" on "users" ("imported_from") where "imported_from" is not null`,
    },
    {
      name: 'users_resource_policy_index',
      expression: `create index "users_resource_policy_index" on "users" ("resource_policy") where "resource_policy" is not null`,
    },
  ],
  checks: [
    { name: 'users_skeleton_stored', expression: `username_skeleton is not null or octet_length(username) = char_length(username)` },
    {
      name: 'users_names_folded',
      expression: `(full_name is null) = (folded_full_name is null) and (display_name is null) = (folded_display_name is null)`,
    },
    { name: 'users_status_known', expression: `status in ('active', 'inactive', 'suspended', 'pending', 'temporary', 'archived')` },
    { name: 'users_archived_whole', expression: `(status = 'archived') = (archived_at is not null)` },
    { name: 'users_kind_known', expression: `kind in ('human', 'anonymous', 'service')` },
    { name: 'users_pending_email_whole', expression: `(pending_email is null) = (pending_email_at is null)` },
    { name: 'users_anonymous_without_address', expression: `kind <> 'anonymous' or (email is null and pending_email is null)` },
  ],
})

/** What is read with a row. */
export const userColumns: readonly string[] = Object.entries(UserSchema.meta.properties).flatMap(([name, { lazy }]) =>
  lazy === true ? [] : [new UnderscoreNamingStrategy().propertyToColumnName(name)],
)

/** A person or a program with an account. Global: organizations have members, not accounts. */
export class UserRow extends UserSchema.class {}
UserSchema.setClass(UserRow)
