import { defineEntity, p } from '@mikro-orm/core'
import { instant } from '../kernel/columns.ts'

const IdempotencyKeySchema = defineEntity({
  name: 'IdempotencyKeyRow',
  tableName: 'idempotency_keys',
  properties: {
    scope: p.string().columnType('text').primary(),
    key: p.string().columnType('text').primary(),
    action: p.string().columnType('text'),
    fingerprint: p.string().columnType('text'),
    answer: p.string().columnType('text').strictNullable().$type<string>(),
    createdAt: instant(),
  },
  indexes: [{ name: 'idempotency_keys_created_at_index', properties: ['createdAt'] }],
})

/** A command that was run under a key, with its answer (superjson, without secrets). */
export class IdempotencyKeyRow extends IdempotencyKeySchema.class {}
IdempotencyKeySchema.setClass(IdempotencyKeyRow)
