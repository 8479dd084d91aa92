import { defineEntity, p } from '@mikro-orm/core'
import { address, idColumn, instant } from '../kernel/columns.ts'
import type { Id } from '../kernel/id.ts'
import { OrganizationRow } from '../organizations/entity.ts'
import { UserRow } from '../users/entity.ts'
import type { UserId } from '../users/model.ts'
import type { EndReason, SessionId } from './model.ts'

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
    device: p.string().columnType('text').strictNullable().$type<string>(),
    os: p.string().columnType('text').strictNullable().$type<string>(),
    browser: p.string().columnType('text').strictNullable().$type<string>(),
    createdAt: instant(),
    /** Written a few seconds later, off the request path. */
    lastSeenAt: instant(),
    /** When the user last authenticated in this session: sensitive changes require it to be recent. */
    provedAt: instant(),
    /** The impersonator, if any (see `auth.impersonate`). */
    impersonatorId: idColumn('usr').strictNullable().$type<UserId>(),
    /** The impersonator's own session: when it is over, this one is. */
    impersonatorSessionId: idColumn('ses').strictNullable().$type<SessionId>(),
    /** The organization that an impersonation is limited to: it was begun by a permission held there. null: no limit. */
    onlyOrganizationId: idColumn('org').strictNullable().$type<Id<'org'>>(),
    impersonationReason: p.string().columnType('text').strictNullable().$type<string>(),
    /** Mutually exclusive roles are used only where they were activated: UUIDs. */
    activatedRoles: p.array().columnType('uuid[]').$type<string[]>().defaultRaw(`'{}'`),
    /** Roles that its user deactivated in this session: UUIDs. */
    droppedRoles: p.array().columnType('uuid[]').$type<string[]>().defaultRaw(`'{}'`),
    expiresAt: instant(),
    endedAt: instant().strictNullable().$type<Date>(),
    endedBy: idColumn('usr').strictNullable().$type<UserId>(),
    endReason: p.string().columnType('text').strictNullable().$type<EndReason>(),
  },
  indexes: [
    { name: 'sessions_user_id_index', properties: ['userId', 'id'] },
    {
      name: 'sessions_impersonator_index',
      expression: `create index "sessions_impersonator_index" on "sessions" ("impersonator_id") where "impersonator_id" is not null`,
    },
    {
      name: 'sessions_running_impersonations_index',
      expression: `create index "sessions_running_impersonations_index" on "sessions" ("expires_at") where "impersonator_id" is not null and "ended_at" is null`,
    },
    {
      name: 'sessions_impersonator_session_index',
      expression: `create index "sessions_impersonator_session_index" on "sessions" ("impersonator_session_id") where "impersonator_session_id" is not null`,
    },
  ],
})

/** One sign-in, until it ends. */
export class SessionRow extends SessionSchema.class {}
SessionSchema.setClass(SessionRow)
