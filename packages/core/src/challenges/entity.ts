import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/json.ts'
import { UserRow } from '../users/entity.ts'
import type { ChallengePurpose } from './model.ts'

const ChallengeSchema = defineEntity({
  name: 'ChallengeRow',
  tableName: 'challenges',
  properties: {
    id: idColumn('chl').primary(),
    purpose: p.string().columnType('text').$type<ChallengePurpose>(),
    userId: () =>
      p
        .manyToOne(UserRow)
        .mapToPk()
        .strictNullable()
        .fieldName('user_id')
        .foreignKeyName('challenges_user_id_foreign')
        .deleteRule('cascade'),
    /** SHA-256 of the text that the caller was given: without it nobody can answer. */
    hash: p.string().columnType('text'),
    /** What was proved so far, or must be answered. Never a secret in plain text. */
    payload: p.json().columnType('jsonb').$type<JsonObject>(),
    /** Wrong answers so far. */
    attempts: p.integer().default(0),
    createdAt: instant(),
    expiresAt: instant(),
    usedAt: instant().strictNullable().$type<Date>(),
  },
  indexes: [
    { name: 'challenges_user_id_index', properties: ['userId'] },
    { name: 'challenges_expires_at_index', properties: ['expiresAt'] },
  ],
})

/** Something that was begun and waits for one answer: a second factor, a passkey, a provider's redirect. */
export class ChallengeRow extends ChallengeSchema.class {}
ChallengeSchema.setClass(ChallengeRow)
