import { defineEntity, p } from '@mikro-orm/core'
import { address, idColumn, instant, transactionId } from '../kernel/columns.ts'
import { appendOnly } from '../kernel/append-only.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { AuditOutcome } from './model.ts'

const AuditEntrySchema = defineEntity({
  name: 'AuditEntryRow',
  tableName: 'audit_entries',
  primaryKeys: ['id', 'at'],
  properties: {
    id: idColumn('aud').primary(),
    at: instant().primary(),
    xid: transactionId(),
    action: p.string().columnType('text'),
    outcome: p.string().columnType('text').$type<AuditOutcome>(),
    errorCode: p.string().columnType('text').strictNullable().$type<string>(),
    actorKind: p.string().columnType('text').$type<'anonymous' | 'system' | 'user'>(),
    actorId: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    actorReason: p.string().columnType('text').strictNullable().$type<string>(),
    sessionId: idColumn('ses').strictNullable().$type<`ses_${string}`>(),
    /** The user who acted as this one (impersonation). */
    impersonatorId: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    targetType: p.string().columnType('text').strictNullable().$type<string>(),
    targetId: p.string().columnType('text').strictNullable().$type<string>(),
    organizationId: idColumn('org').strictNullable().$type<`org_${string}`>(),
    ip: address().strictNullable().$type<string>(),
    userAgent: p.string().columnType('text').strictNullable().$type<string>(),
    requestId: p.string().columnType('text'),
    durationMs: p.double(),
    changes: p.json().columnType('jsonb').strictNullable().$type<JsonObject>(),
  },
  triggers: [appendOnly({ actor_reason: 'null', ip: 'null', user_agent: 'null', changes: 'null' })],
  partitionBy: { type: 'range', expression: 'at', partitions: [{ name: 'audit_entries_default', values: 'default' }] },
  indexes: [
    { name: 'audit_entries_feed_index', properties: ['xid', 'id'] },
    { name: 'audit_entries_target_index', properties: ['targetId', 'id'] },
    { name: 'audit_entries_actor_index', properties: ['actorId', 'id'] },
  ],
})

/** An audit entry: what was done, by whom, to what, and how it ended. Append-only. */
export class AuditEntryRow extends AuditEntrySchema.class {}
AuditEntrySchema.setClass(AuditEntryRow)
