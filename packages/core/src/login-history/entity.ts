import { defineEntity, p } from '@mikro-orm/core'
import { address, idColumn, instant } from '../kernel/columns.ts'
import type { Id } from '../kernel/id.ts'
import { UserRow } from '../users/entity.ts'
import type { LoginMethod, LoginOutcome } from './model.ts'

const LoginAttemptSchema = defineEntity({
  name: 'LoginAttemptRow',
  tableName: 'login_attempts',
  properties: {
    id: idColumn('lat').primary(),
    at: instant(),
    identifier: p.string().columnType('text'),
    userId: () =>
      p
        .manyToOne(UserRow)
        .mapToPk()
        .strictNullable()
        .fieldName('user_id')
        .foreignKeyName('login_attempts_user_id_foreign')
        .deleteRule('set null'),
    outcome: p.string().columnType('text').$type<LoginOutcome>(),
    method: p.string().columnType('text').$type<LoginMethod>(),
    /** The session that was created, or that ended. */
    sessionId: idColumn('ses').strictNullable().$type<Id<'ses'>>(),
    /** Who did it, if not the user: unlocked, revoked, impersonated. */
    actorId: idColumn('usr').strictNullable().$type<Id<'usr'>>(),
    ip: address().strictNullable().$type<string>(),
    userAgent: p.string().columnType('text').strictNullable().$type<string>(),
  },
  indexes: [
    { name: 'login_attempts_user_id_index', properties: ['userId', 'id'] },
    { name: 'login_attempts_identifier_index', properties: ['identifier', 'id'] },
  ],
})

/** An attempt to sign in, also a failed one, and one for an unknown user. */
export class LoginAttemptRow extends LoginAttemptSchema.class {}
LoginAttemptSchema.setClass(LoginAttemptRow)
