import { defineEntity, p } from '@mikro-orm/core'
import { address, idColumn, instant } from '../../kernel/columns.ts'
import type { Id } from '../../kernel/id.ts'
import { UserRow } from '../../users/entity.ts'

const DeviceLoginSchema = defineEntity({
  name: 'DeviceLoginRow',
  tableName: 'device_logins',
  properties: {
    id: idColumn('dev').primary(),
    /** SHA-256 of the device code (RFC 8628: 3.2). */
    hash: p.string().columnType('text'),
    userCode: p.string().columnType('text'),
    clientName: p.string().columnType('text'),
    status: p.string().columnType('text').$type<'pending' | 'approved' | 'denied' | 'used'>(),
    userId: () =>
      p
        .manyToOne(UserRow)
        .mapToPk()
        .strictNullable()
        .fieldName('user_id')
        .foreignKeyName('device_logins_user_id_foreign')
        .deleteRule('cascade'),
    /** The session that the approval created; the device fetches its tokens. */
    sessionId: idColumn('ses').strictNullable().$type<Id<'ses'>>(),
    ip: address().strictNullable().$type<string>(),
    userAgent: p.string().columnType('text').strictNullable().$type<string>(),
    /** Seconds between two polls; grows when the device polls too fast (RFC 8628: 3.5). */
    interval: p.integer(),
    lastPolledAt: instant().strictNullable().$type<Date>(),
    createdAt: instant(),
    expiresAt: instant(),
  },
  uniques: [{ name: 'device_logins_user_code_unique', properties: ['userCode'] }],
  indexes: [
    { name: 'device_logins_expires_at_index', properties: ['expiresAt'] },
    { name: 'device_logins_user_id_index', properties: ['userId'] },
  ],
  checks: [{ name: 'device_logins_status_known', expression: `status in ('pending', 'approved', 'denied', 'used')` }],
})

/** A sign-in of a device without a browser, which its user approves elsewhere (RFC 8628). */
export class DeviceLoginRow extends DeviceLoginSchema.class {}
DeviceLoginSchema.setClass(DeviceLoginRow)
