import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../../kernel/columns.ts'
import { OrganizationRow } from '../../organizations/entity.ts'
import { homeColumn, zeros } from '../columns.ts'

export const exclusionsNameUnique = 'role_exclusions_name_unique'

const ExclusionSchema = defineEntity({
  name: 'ExclusionRow',
  tableName: 'role_exclusions',
  properties: {
    id: idColumn('exc').primary(),
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .strictNullable()
        .fieldName('organization_id')
        .foreignKeyName('role_exclusions_organization_id_foreign')
        .deleteRule('cascade'),
    home: homeColumn(),
    name: p.string().columnType('text'),
    kind: p.string().columnType('text').$type<'static' | 'dynamic'>(),
    /** So many roles of the set are too many. */
    cardinality: p.integer(),
    version: p.integer().version(),
    createdAt: instant(),
    updatedAt: instant(),
  },
  uniques: [{ name: 'role_exclusions_home_unique', properties: ['home', 'id'] }],
  indexes: [
    {
      name: exclusionsNameUnique,
      expression: `create unique index "role_exclusions_name_unique" on "role_exclusions" (coalesce("organization_id", ${zeros}), "name")`,
    },
  ],
  checks: [
    { name: 'role_exclusions_kind_known', expression: `kind in ('static', 'dynamic')` },
    { name: 'role_exclusions_cardinality', expression: `cardinality >= 2` },
  ],
})

/** A set of separation of duty: nobody is assigned (static), or uses in one session (dynamic), too many of its roles (ANSI INCITS 359). */
export class ExclusionRow extends ExclusionSchema.class {}
ExclusionSchema.setClass(ExclusionRow)

const ExclusionMemberSchema = defineEntity({
  name: 'ExclusionMemberRow',
  tableName: 'role_exclusion_members',
  properties: {
    exclusionId: idColumn('exc').primary(),
    exclusionHome: p.uuid(),
    roleId: idColumn('rol').primary(),
    roleHome: p.uuid(),
  },
  indexes: [{ name: 'role_exclusion_members_role_index', properties: ['roleId'] }],
  checks: [{ name: 'role_exclusion_members_same_home', expression: `role_home = exclusion_home or role_home = ${zeros}::uuid` }],
})

export class ExclusionMemberRow extends ExclusionMemberSchema.class {}
ExclusionMemberSchema.setClass(ExclusionMemberRow)
