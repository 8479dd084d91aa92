import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant, transactionId } from '../kernel/columns.ts'
import { appendOnly } from '../kernel/append-only.ts'
import type { JsonObject } from '../kernel/json.ts'

const EventSchema = defineEntity({
  name: 'EventRow',
  tableName: 'events',
  primaryKeys: ['id', 'at'],
  properties: {
    id: idColumn('evt').primary(),
    at: instant().primary(),
    xid: transactionId(),
    type: p.string().columnType('text'),
    subject: p.string().columnType('text').strictNullable().$type<string>(),
    organizationId: idColumn('org').strictNullable().$type<`org_${string}`>(),
    actorId: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    payload: p.json().columnType('jsonb').$type<JsonObject>(),
  },
  triggers: [appendOnly({ payload: "'{}'" })],
  partitionBy: { type: 'range', expression: 'at', partitions: [{ name: 'events_default', values: 'default' }] },
  indexes: [
    { name: 'events_feed_index', properties: ['xid', 'id'] },
    { name: 'events_subject_index', properties: ['subject', 'id'] },
  ],
})

/** An event, written in the transaction of the change (transactional outbox). Append-only. */
export class EventRow extends EventSchema.class {}
EventSchema.setClass(EventRow)
