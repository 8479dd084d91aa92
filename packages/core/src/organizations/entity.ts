import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { Id } from '../kernel/id.ts'
import type { JsonObject } from '../kernel/json.ts'
import { UserRow } from '../users/entity.ts'
import type { MembershipRole, OrganizationStatus } from './model.ts'

export const organizationsSlugUnique = 'organizations_slug_unique'
export const membershipsUnique = 'memberships_user_organization_unique'
export const organizationDomainsVerifiedUnique = 'organization_domains_verified_unique'

const OrganizationSchema = defineEntity({
  name: 'OrganizationRow',
  tableName: 'organizations',
  properties: {
    id: idColumn('org').primary(),
    slug: p.string().columnType('text'),
    name: p.string().columnType('text'),
    status: p.string().columnType('text').$type<OrganizationStatus>(),
    /** The most members; null: unlimited. */
    seatLimit: p.integer().strictNullable().$type<number>(),
    resourcePolicy: p.string().columnType('text').strictNullable().$type<string>(),
    settings: p.json().columnType('jsonb').$type<JsonObject>().defaultRaw(`'{}'`),
    createdBy: idColumn('usr').strictNullable().$type<Id<'usr'>>(),
    archivedAt: instant().strictNullable().$type<Date>(),
    version: p.integer().version(),
    createdAt: instant(),
    updatedAt: instant(),
  },
  uniques: [{ name: organizationsSlugUnique, properties: ['slug'] }],
  indexes: [
    { name: 'organizations_created_by_index', properties: ['createdBy'] },
    {
      name: 'organizations_resource_policy_index',
      expression: `create index "organizations_resource_policy_index" on "organizations" ("resource_policy") where "resource_policy" is not null`,
    },
  ],
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
    updatedAt: instant().defaultRaw('now()'),
  },
  uniques: [{ name: membershipsUnique, properties: ['userId', 'organizationId'] }],
  indexes: [{ name: 'memberships_organization_id_index', properties: ['organizationId', 'id'] }],
  checks: [{ name: 'memberships_role_known', expression: `role in ('owner', 'admin', 'member')` }],
})

export class MembershipRow extends MembershipSchema.class {}
MembershipSchema.setClass(MembershipRow)

const DomainSchema = defineEntity({
  name: 'DomainRow',
  tableName: 'organization_domains',
  properties: {
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .primary()
        .fieldName('organization_id')
        .foreignKeyName('organization_domains_organization_id_foreign')
        .deleteRule('cascade'),
    domain: p.string().columnType('text').primary(),
    /** The text that DNS must contain to verify the domain. Not a secret. */
    challenge: p.string().columnType('text'),
    verifiedAt: instant().strictNullable().$type<Date>(),
    createdAt: instant(),
  },
  indexes: [
    {
      name: organizationDomainsVerifiedUnique,
      expression: `create unique index "organization_domains_verified_unique" on "organization_domains" ("domain") where "verified_at" is not null`,
    },
  ],
})

/** A domain that an organization claims. Several may claim it, one can verify it. */
export class DomainRow extends DomainSchema.class {}
DomainSchema.setClass(DomainRow)
