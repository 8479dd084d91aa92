import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import { UserRow } from '../users/entity.ts'
import type { MembershipRole, OrganizationStatus } from './model.ts'

const OrganizationSchema = defineEntity({
  name: 'OrganizationRow',
  tableName: 'organizations',
  properties: {
    id: idColumn('org').primary(),
    slug: p.string().columnType('text'),
    name: p.string().columnType('text'),
    status: p.string().columnType('text').$type<OrganizationStatus>(),
    version: p.integer().version(),
    createdAt: instant(),
    updatedAt: instant(),
  },
  uniques: [{ name: 'organizations_slug_unique', properties: ['slug'] }],
  checks: [{ name: 'organizations_status_known', expression: `status in ('active', 'suspended', 'archived')` }],
})

/** A tenant: users are global, and belong to it by membership. */
export class OrganizationRow extends OrganizationSchema.class {}
OrganizationSchema.setClass(OrganizationRow)

const MembershipSchema = defineEntity({
  name: 'MembershipRow',
  tableName: 'memberships',
  properties: {
    id: idColumn('mem').primary(),
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .fieldName('organization_id')
        .foreignKeyName('memberships_organization_id_foreign')
        .deleteRule('cascade'),
    userId: () => p.manyToOne(UserRow).mapToPk().fieldName('user_id').foreignKeyName('memberships_user_id_foreign').deleteRule('cascade'),
    role: p.string().columnType('text').$type<MembershipRole>(),
    createdAt: instant(),
  },
  uniques: [{ name: 'memberships_user_organization_unique', properties: ['userId', 'organizationId'] }],
  indexes: [{ name: 'memberships_organization_id_index', properties: ['organizationId', 'id'] }],
  checks: [{ name: 'memberships_role_known', expression: `role in ('owner', 'admin', 'member')` }],
})

export class MembershipRow extends MembershipSchema.class {}
MembershipSchema.setClass(MembershipRow)
