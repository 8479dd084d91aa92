import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../../kernel/columns.ts'
import { OrganizationRow } from '../../organizations/entity.ts'
import { homeColumn, zeros } from '../columns.ts'

export const rolesNameUnique = 'roles_name_unique'

const RoleSchema = defineEntity({
  name: 'RoleRow',
  tableName: 'roles',
  properties: {
    id: idColumn('rol').primary(),
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .strictNullable()
        .fieldName('organization_id')
        .foreignKeyName('roles_organization_id_foreign')
        .deleteRule('cascade'),
    home: homeColumn(),
    name: p.string().columnType('text'),
    description: p.string().columnType('text').strictNullable().$type<string>(),
    builtIn: p.boolean().default(false),
    version: p.integer().version(),
    createdAt: instant(),
    updatedAt: instant().defaultRaw('now()'),
    /** The row stays as history. The name can be used again, but users who had the deleted role do not get the new one. */
    deletedAt: instant().strictNullable().$type<Date>(),
  },
  uniques: [{ name: 'roles_home_unique', properties: ['home', 'id'] }],
  indexes: [
    {
      name: rolesNameUnique,
      expression: `create unique index "roles_name_unique" on "roles" (coalesce("organization_id", ${zeros}), "name") where "deleted_at" is null`,
    },
  ],
})

/** A named set of permissions: of built-in roles in code (`grants/built-in-roles.ts`), of custom roles in `role_permissions`. */
export class RoleRow extends RoleSchema.class {}
RoleSchema.setClass(RoleRow)

const RolePermissionSchema = defineEntity({
  name: 'RolePermissionRow',
  tableName: 'role_permissions',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    roleId: () =>
      p.manyToOne(RoleRow).mapToPk().fieldName('role_id').foreignKeyName('role_permissions_role_id_foreign').deleteRule('cascade'),
    permission: p.string().columnType('text'),
    grantedBy: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    grantedAt: instant().defaultRaw('now()'),
    revokedBy: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    revokedAt: instant().strictNullable().$type<Date>(),
  },
  indexes: [
    {
      name: 'role_permissions_current_unique',
      expression: `create unique index "role_permissions_current_unique" on "role_permissions" ("role_id", "permission") where "revoked_at" is null`,
    },
    { name: 'role_permissions_permission_index', properties: ['permission'] },
    { name: 'role_permissions_role_id_index', properties: ['roleId'] },
  ],
})

/** A permission of a role. History: rows are ended, never updated or deleted. */
export class RolePermissionRow extends RolePermissionSchema.class {}
RolePermissionSchema.setClass(RolePermissionRow)

const RoleInclusionSchema = defineEntity({
  name: 'RoleInclusionRow',
  tableName: 'role_inclusions',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    roleId: idColumn('rol'),
    roleHome: p.uuid(),
    includedId: idColumn('rol'),
    includedHome: p.uuid(),
    addedBy: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    addedAt: instant(),
    removedBy: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    removedAt: instant().strictNullable().$type<Date>(),
  },
  indexes: [
    {
      name: 'role_inclusions_current_unique',
      expression: `create unique index "role_inclusions_current_unique" on "role_inclusions" ("role_id", "included_id") where "removed_at" is null`,
    },
    { name: 'role_inclusions_included_index', properties: ['includedId'] },
  ],
  checks: [
    { name: 'role_inclusions_same_home', expression: `included_home = role_home or included_home = ${zeros}::uuid` },
    { name: 'role_inclusions_not_itself', expression: `role_id <> included_id` },
  ],
})

/** A role that another role includes. History, like assignments. */
export class RoleInclusionRow extends RoleInclusionSchema.class {}
RoleInclusionSchema.setClass(RoleInclusionRow)

const RoleClosureSchema = defineEntity({
  name: 'RoleClosureRow',
  tableName: 'role_closure',
  properties: {
    roleId: idColumn('rol').primary(),
    includedId: idColumn('rol').primary(),
  },
  indexes: [{ name: 'role_closure_included_index', properties: ['includedId'] }],
})

/**
 * The transitive closure of `role_inclusions`: all roles that a role includes, directly or through others, without itself. Recomputed
 * with every change of these.
 */
export class RoleClosureRow extends RoleClosureSchema.class {}
RoleClosureSchema.setClass(RoleClosureRow)
