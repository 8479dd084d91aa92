import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/text.ts'
import type { UserId, UserKind, UserStatus } from './model.ts'

export const usersEmailUnique = 'users_email_unique'
export const usersUsernameUnique = 'users_username_unique'

const UserSchema = defineEntity({
  name: 'UserRow',
  tableName: 'users',
  properties: {
    id: idColumn('usr').primary(),
    username: p.string().columnType('text'),
    email: p.string().columnType('text').strictNullable().$type<string>(),
    emailVerified: p.boolean().default(false),
    fullName: p.string().columnType('text').strictNullable().$type<string>(),
    displayName: p.string().columnType('text').strictNullable().$type<string>(),
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
    preferences: p.json().columnType('jsonb').$type<JsonObject>(),
    version: p.integer().version(),
    createdAt: instant(),
    updatedAt: instant(),
  },
  uniques: [
    { name: usersEmailUnique, properties: ['email'] },
    { name: usersUsernameUnique, properties: ['username'] },
  ],
  indexes: [
    { name: 'users_created_at_index', properties: ['createdAt', 'id'] },
    { name: 'users_status_index', properties: ['status', 'createdAt', 'id'] },
  ],
  checks: [
    { name: 'users_status_known', expression: `status in ('active', 'inactive', 'suspended', 'pending', 'temporary', 'archived')` },
    { name: 'users_kind_known', expression: `kind in ('human', 'anonymous', 'service')` },
  ],
})

/** A person or a program that can act. Global: organizations have members, not accounts. */
export class UserRow extends UserSchema.class {}
UserSchema.setClass(UserRow)
