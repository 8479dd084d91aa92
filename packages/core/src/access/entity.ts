import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/text.ts'
import { OrganizationRow } from '../organizations/entity.ts'
import { UserRow } from '../users/entity.ts'
import type { SubjectKind } from './model.ts'
import type { ScopeKind } from '../grants/model.ts'

/**
 * The tables of access control. Rows that refer to a tenant's rows carry that tenant in `home` (zeros for the installation), so that
 * foreign keys refuse a role, team or resource of another tenant. These keys share columns, which MikroORM cannot describe, so they are
 * only in the migration (0006-access).
 */
const zeros = `'00000000-0000-0000-0000-000000000000'`
const homeColumn = () => p.uuid().generated(`(coalesce(organization_id, ${zeros}::uuid)) stored`).nullable()

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

const indexOfAssignments = (name: string, on: string) => ({ name, expression: `create index "${name}" on "role_assignments" ${on}` })

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
    /** All members of the team have it. */
    teamId: idColumn('team').strictNullable().$type<`team_${string}`>(),
    teamOrganizationId: idColumn('org').strictNullable().$type<`org_${string}`>(),
    /** null: a single permission is assigned. */
    roleId: () =>
      p
        .manyToOne(RoleRow)
        .mapToPk()
        .strictNullable()
        .fieldName('role_id')
        .foreignKeyName('role_assignments_role_id_foreign')
        .deleteRule('cascade'),
    /** The tenant of the role; zeros for the installation. */
    roleHome: p.uuid().defaultRaw(`${zeros}::uuid`),
    permission: p.string().columnType('text').strictNullable().$type<string>(),
    scopeKind: p.string().columnType('text').$type<ScopeKind>(),
    /** The organization of the scope; null: the whole system, or a user's own resource outside of organizations. */
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .strictNullable()
        .fieldName('organization_id')
        .foreignKeyName('role_assignments_organization_id_foreign')
        .deleteRule('cascade'),
    home: homeColumn(),
    scopeTeamId: idColumn('team').strictNullable().$type<`team_${string}`>(),
    resourceId: idColumn('res').strictNullable().$type<`res_${string}`>(),
    validFrom: instant(),
    validUntil: instant().strictNullable().$type<Date>(),
    condition: p.json().columnType('jsonb').strictNullable().$type<JsonObject>(),
    grantedBy: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    grantedAt: instant(),
    /** The identity provider that made the assignment, and may end it. */
    provider: p.string().columnType('text').strictNullable().$type<string>(),
    revokedBy: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    revokedAt: instant().strictNullable().$type<Date>(),
  },
  indexes: [
    {
      name: 'role_assignments_current_unique',
      expression: `create unique index "role_assignments_current_unique" on "role_assignments" (coalesce("user_id", "team_id"), "scope_kind", coalesce("resource_id", "scope_team_id", "organization_id", ${zeros}), coalesce("role_id", ${zeros}), coalesce("permission", '')) where "revoked_at" is null`,
    },
    { name: 'role_assignments_role_id_index', properties: ['roleId'] },
    { name: 'role_assignments_user_id_index', properties: ['userId'] },
    indexOfAssignments('role_assignments_team_index', `("team_id") where "team_id" is not null`),
    indexOfAssignments('role_assignments_resource_index', `("resource_id") where "resource_id" is not null`),
    indexOfAssignments('role_assignments_organization_index', `("organization_id", "id") where "organization_id" is not null`),
    // Finds assignments in wide scopes among millions on resources.
    indexOfAssignments(
      'role_assignments_wide_index',
      `("organization_id", "role_id", "permission") where "scope_kind" <> 'resource' and "revoked_at" is null`,
    ),
    indexOfAssignments(
      'role_assignments_windowed_index',
      `("role_id") where "scope_kind" = 'system' and "revoked_at" is null and ("valid_until" is not null or "valid_from" > "granted_at")`,
    ),
  ],
  checks: [
    {
      name: 'role_assignments_subject_known',
      // A team has assignments in its own organization only: the administrators there decide who is in it.
      expression: `(subject_kind = 'user' and user_id is not null and team_id is null) or (subject_kind = 'team' and user_id is null and team_id is not null and team_organization_id is not null and scope_kind <> 'system' and team_organization_id = coalesce(organization_id, team_organization_id))`,
    },
    {
      name: 'role_assignments_scope_known',
      expression: `(scope_kind = 'system' and organization_id is null and scope_team_id is null and resource_id is null) or (scope_kind = 'organization' and organization_id is not null and scope_team_id is null and resource_id is null) or (scope_kind = 'team' and organization_id is not null and scope_team_id is not null and resource_id is null) or (scope_kind = 'resource' and scope_team_id is null and resource_id is not null)`,
    },
    { name: 'role_assignments_role_or_permission', expression: `(role_id is null) <> (permission is null)` },
    {
      name: 'role_assignments_role_home',
      expression: `role_home = ${zeros}::uuid or role_home = coalesce(organization_id, ${zeros}::uuid)`,
    },
    { name: 'role_assignments_window', expression: `valid_until is null or valid_until >= valid_from` },
  ],
})

/** An assignment: a subject has a role or a permission in a scope, for some time. History: rows are ended, never updated or deleted. */
export class RoleAssignmentRow extends RoleAssignmentSchema.class {}
RoleAssignmentSchema.setClass(RoleAssignmentRow)

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

const PermissionUseSchema = defineEntity({
  name: 'PermissionUseRow',
  tableName: 'permission_uses',
  properties: {
    userId: idColumn('usr').primary(),
    permission: p.string().columnType('text').primary(),
    /** The organization it was used in; zeros for none. */
    home: p.uuid().primary(),
    /** To the hour; written in the background. */
    lastUsedAt: instant(),
  },
})

/** The last use of a permission by a user, for access reviews. */
export class PermissionUseRow extends PermissionUseSchema.class {}
PermissionUseSchema.setClass(PermissionUseRow)
