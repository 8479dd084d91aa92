import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/text.ts'
import { OrganizationRow } from '../organizations/entity.ts'
import { UserRow } from '../users/entity.ts'
import type { ScopeKind, SubjectKind } from './model.ts'

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
    name: p.string().columnType('text'),
    description: p.string().columnType('text').strictNullable().$type<string>(),
    builtIn: p.boolean().default(false),
    createdAt: instant(),
  },
  indexes: [
    {
      name: 'roles_name_unique',
      expression: `create unique index "roles_name_unique" on "roles" (coalesce("organization_id", '00000000-0000-0000-0000-000000000000'), "name")`,
    },
  ],
})

/** A named set of permissions. The built-in ones get theirs from code (builtin.ts), the others from `role_permissions`. */
export class RoleRow extends RoleSchema.class {}
RoleSchema.setClass(RoleRow)

const RolePermissionSchema = defineEntity({
  name: 'RolePermissionRow',
  tableName: 'role_permissions',
  properties: {
    roleId: () =>
      p
        .manyToOne(RoleRow)
        .mapToPk()
        .primary()
        .fieldName('role_id')
        .foreignKeyName('role_permissions_role_id_foreign')
        .deleteRule('cascade'),
    permission: p.string().columnType('text').primary(),
  },
})

export class RolePermissionRow extends RolePermissionSchema.class {}
RolePermissionSchema.setClass(RolePermissionRow)

const RoleAssignmentSchema = defineEntity({
  name: 'RoleAssignmentRow',
  tableName: 'role_assignments',
  properties: {
    id: idColumn('asg').primary(),
    subjectKind: p.string().columnType('text').$type<SubjectKind>(),
    userId: () =>
      p
        .manyToOne(UserRow)
        .mapToPk()
        .strictNullable()
        .fieldName('user_id')
        .foreignKeyName('role_assignments_user_id_foreign')
        .deleteRule('cascade'),
    roleId: () =>
      p.manyToOne(RoleRow).mapToPk().fieldName('role_id').foreignKeyName('role_assignments_role_id_foreign').deleteRule('cascade'),
    scopeKind: p.string().columnType('text').$type<ScopeKind>(),
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .strictNullable()
        .fieldName('organization_id')
        .foreignKeyName('role_assignments_organization_id_foreign')
        .deleteRule('cascade'),
    validFrom: instant(),
    validUntil: instant().strictNullable().$type<Date>(),
    condition: p.json().columnType('jsonb').strictNullable().$type<JsonObject>(),
    grantedBy: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    grantedAt: instant(),
    revokedBy: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    revokedAt: instant().strictNullable().$type<Date>(),
  },
  indexes: [
    {
      name: 'role_assignments_current_unique',
      expression: `create unique index "role_assignments_current_unique" on "role_assignments" ("user_id", "role_id", "scope_kind", coalesce("organization_id", '00000000-0000-0000-0000-000000000000')) where "revoked_at" is null`,
    },
    { name: 'role_assignments_role_id_index', properties: ['roleId'] },
    { name: 'role_assignments_user_id_index', properties: ['userId'] },
    {
      name: 'role_assignments_windowed_index',
      expression: `create index "role_assignments_windowed_index" on "role_assignments" ("role_id") where "scope_kind" = 'system' and "revoked_at" is null and ("valid_until" is not null or "valid_from" > "granted_at")`,
    },
  ],
  checks: [
    { name: 'role_assignments_subject_known', expression: `subject_kind = 'user' and user_id is not null` },
    {
      name: 'role_assignments_scope_known',
      expression: `(scope_kind = 'system' and organization_id is null) or (scope_kind = 'organization' and organization_id is not null)`,
    },
  ],
})

/** That a subject holds a role somewhere for some time. History: a row is ended, never overwritten or deleted. */
export class RoleAssignmentRow extends RoleAssignmentSchema.class {}
RoleAssignmentSchema.setClass(RoleAssignmentRow)
