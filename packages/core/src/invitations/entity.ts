import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { Id } from '../kernel/id.ts'
import { OrganizationRow } from '../organizations/entity.ts'
import type { MembershipRole } from '../organizations/model.ts'
import { UserRow } from '../users/entity.ts'

const invitationsPendingUnique = 'invitations_pending_unique'

const InvitationSchema = defineEntity({
  name: 'InvitationRow',
  tableName: 'invitations',
  properties: {
    id: idColumn('inv').primary(),
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .fieldName('organization_id')
        .foreignKeyName('invitations_organization_id_foreign')
        .deleteRule('cascade'),
    email: p.string().columnType('text'),
    role: p.string().columnType('text').$type<MembershipRole>(),
    /** SHA-256 of the link's token. */
    tokenHash: p.string().columnType('text'),
    invitedBy: () =>
      p
        .manyToOne(UserRow)
        .mapToPk()
        .strictNullable()
        .fieldName('invited_by')
        .foreignKeyName('invitations_invited_by_foreign')
        .deleteRule('set null'),
    createdAt: instant(),
    expiresAt: instant(),
    acceptedAt: instant().strictNullable().$type<Date>(),
    acceptedBy: idColumn('usr').strictNullable().$type<Id<'usr'>>(),
    declinedAt: instant().strictNullable().$type<Date>(),
    revokedAt: instant().strictNullable().$type<Date>(),
  },
  indexes: [
    {
      name: invitationsPendingUnique,
      expression: `create unique index "invitations_pending_unique" on "invitations" ("organization_id", "email") where "accepted_at" is null and "declined_at" is null and "revoked_at" is null`,
    },
    { name: 'invitations_organization_index', properties: ['organizationId', 'id'] },
    { name: 'invitations_email_index', properties: ['email', 'id'] },
    { name: 'invitations_invited_by_index', properties: ['invitedBy'] },
    { name: 'invitations_accepted_by_index', properties: ['acceptedBy'] },
  ],
  checks: [{ name: 'invitations_role_known', expression: `role in ('owner', 'admin', 'member')` }],
})

/** The invitation of an address to an organization. The token of its link works once. */
export class InvitationRow extends InvitationSchema.class {}
InvitationSchema.setClass(InvitationRow)
