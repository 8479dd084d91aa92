import { defineEntity, p } from '@mikro-orm/core'
import { address, idColumn, instant } from '../kernel/columns.ts'
import { OrganizationRow } from '../organizations/entity.ts'
import { UserRow } from '../users/entity.ts'
import type { EndReason } from './model.ts'

const SessionSchema = defineEntity({
  name: 'SessionRow',
  tableName: 'sessions',
  properties: {
    id: idColumn('ses').primary(),
    userId: () => p.manyToOne(UserRow).mapToPk().fieldName('user_id').foreignKeyName('sessions_user_id_foreign').deleteRule('cascade'),
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .strictNullable()
        .fieldName('organization_id')
        .foreignKeyName('sessions_organization_id_foreign')
        .deleteRule('set null'),
    authMethods: p.array().columnType('text[]').$type<string[]>(),
    assurance: p.string().columnType('text').$type<'aal1' | 'aal2'>(),
    ip: address().strictNullable().$type<string>(),
    userAgent: p.string().columnType('text').strictNullable().$type<string>(),
    createdAt: instant(),
    expiresAt: instant(),
    endedAt: instant().strictNullable().$type<Date>(),
    endReason: p.string().columnType('text').strictNullable().$type<EndReason>(),
  },
  indexes: [{ name: 'sessions_user_id_index', properties: ['userId', 'id'] }],
})

/** One sign-in, until it ends. */
export class SessionRow extends SessionSchema.class {}
SessionSchema.setClass(SessionRow)
