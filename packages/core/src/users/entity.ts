import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/text.ts'
import type { Id } from '../kernel/id.ts'
import { directoryIndexes } from './indexes.ts'
import { searchTextExpression } from './search.ts'
import type { Container, UserId, UserKind, UserStatus } from './model.ts'

export const usersEmailUnique = 'users_email_unique'
export const usersUsernameUnique = 'users_username_unique'

const UserSchema = defineEntity({
  name: 'UserRow',
  tableName: 'users',
  properties: {
    id: idColumn('usr').primary(),
    /** By code points, like the address: one index then serves uniqueness, order and beginnings, whatever the locale of the database. */
    username: p.string().columnType('text').collation('C'),
    email: p.string().columnType('text').collation('C').strictNullable().$type<string>(),
    emailVerified: p.boolean().default(false),
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
    /** Whether a second factor has to be enrolled, whatever the installation asks of others: an operator reset theirs. */
    needFactor: p.boolean().default(false),
    passwordChangedAt: instant().strictNullable().$type<Date>(),
    allowedIps: p.array().columnType('text[]').$type<string[]>().defaultRaw(`'{}'`),
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
    /** What the status was before the archive: a restore brings it back. */
    archivedStatus: p.string().columnType('text').strictNullable().$type<UserStatus>(),
    /** Since when the roles and memberships of the user give nothing (see `users.contain`). */
    grantsFrozenAt: instant().strictNullable().$type<Date>(),
    /** The organization that made the account, and manages it while the address is in one of its domains, or there is none. */
    homeOrganizationId: idColumn('org').strictNullable().$type<Id<'org'>>(),
    version: p.integer().version(),
    createdAt: instant(),
    updatedAt: instant(),
    /** Written by the database, read by searches only. */
    searchText: p.string().columnType('text').generated(`(${searchTextExpression}) stored`).lazy().hidden(),
  },
  uniques: [
    { name: usersEmailUnique, properties: ['email'] },
    { name: usersUsernameUnique, properties: ['username'] },
  ],
  indexes: [
    { name: 'users_created_at_index', properties: ['createdAt', 'id'] },
    { name: 'users_updated_at_index', properties: ['updatedAt', 'id'] },
    ...directoryIndexes.map(([name, definition]) => ({ name, expression: `create index "${name}" on "users" ${definition}` })),
    {
      name: 'users_home_organization_index',
      expression: `create index "users_home_organization_index" on "users" ("home_organization_id", "created_at", "id") where "home_organization_id" is not null`,
    },
    {
      name: 'users_resource_policy_index',
      expression: `create index "users_resource_policy_index" on "users" ("resource_policy") where "resource_policy" is not null`,
    },
  ],
  checks: [
    { name: 'users_status_known', expression: `status in ('active', 'inactive', 'suspended', 'pending', 'temporary', 'archived')` },
    { name: 'users_archived_whole', expression: `(status = 'archived') = (archived_at is not null)` },
    { name: 'users_kind_known', expression: `kind in ('human', 'anonymous', 'service')` },
  ],
})

/** A person or a program that can act. Global: organizations have members, not accounts. */
export class UserRow extends UserSchema.class {}
UserSchema.setClass(UserRow)
