import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../../kernel/columns.ts'
import { UserRow } from '../../users/entity.ts'
import type { UserKind, UserStatus } from '../../users/model.ts'

const UserActivitySchema = defineEntity({
  name: 'UserActivityRow',
  tableName: 'user_activity',
  properties: {
    userId: () =>
      p.manyToOne(UserRow).mapToPk().primary().fieldName('user_id').foreignKeyName('user_activity_user_id_foreign').deleteRule('cascade'),
    lastSeenAt: instant(),
  },
  indexes: [{ name: 'user_activity_last_seen_at_index', properties: ['lastSeenAt', 'userId'] }],
})

/** When a user was last active, to about a minute; no row: never. A separate table, so that activity does not rewrite the user. */
export class UserActivityRow extends UserActivitySchema.class {}
UserActivitySchema.setClass(UserActivityRow)

/**
 * Counters: the sum over all slots is the number of rows. Triggers maintain
 * them (see 0004-counters), in the transaction that changes the rows. A single
 * slot means nothing on its own, and may be negative.
 */
const UserCounterSchema = defineEntity({
  name: 'UserCounterRow',
  tableName: 'user_counters',
  properties: {
    status: p.string().columnType('text').$type<UserStatus>().primary(),
    kind: p.string().columnType('text').$type<UserKind>().primary(),
    isBot: p.boolean().primary(),
    slot: p.integer().primary(),
    amount: p.bigint('number'),
  },
})

/** How many users there are of a status and kind. */
export class UserCounterRow extends UserCounterSchema.class {}
UserCounterSchema.setClass(UserCounterRow)

const UserCreationCounterSchema = defineEntity({
  name: 'UserCreationCounterRow',
  tableName: 'user_creation_counters',
  properties: { hour: instant().primary(), slot: p.integer().primary(), amount: p.bigint('number') },
})

/** How many of the users that exist today were created in a given hour (UTC). */
export class UserCreationCounterRow extends UserCreationCounterSchema.class {}
UserCreationCounterSchema.setClass(UserCreationCounterRow)

const RoleCounterSchema = defineEntity({
  name: 'RoleCounterRow',
  tableName: 'role_counters',
  properties: { roleId: idColumn('rol').primary(), slot: p.integer().primary(), amount: p.bigint('number') },
})

/** How many users have a role everywhere, without a start or end date. */
export class RoleCounterRow extends RoleCounterSchema.class {}
RoleCounterSchema.setClass(RoleCounterRow)
