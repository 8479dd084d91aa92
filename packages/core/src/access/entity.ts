import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/text.ts'
import { OrganizationRow } from '../organizations/entity.ts'
import { UserRow } from '../users/entity.ts'
import type { SubjectKind } from './model.ts'
import type { ScopeKind } from '../grants/model.ts'

/**
 * The tables of access control. Each row that names rows of a tenant carries that
 * tenant, with zeros for the installation (`home`), so that the database itself
 * refuses a role, team or resource of another one. Those keys share columns, which
 * MikroORM cannot describe: they stand in the migration only (0006-access).
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
    /** Its history stays; its name is free again, and whoever had the role of that name has not the next one. */
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

/** A named set of permissions. The built-in ones get theirs from code (builtin.ts), the others from `role_permissions`. */
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

/** That a role has a permission, or had it: a row is ended, never overwritten or deleted. */
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

/** That a role has all that another has, or had it: history, like assignments. */
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

/** Every role that a role includes, through however many others, but for itself: worked out anew from `role_inclusions` with every change of those. */
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
    /** Whoever sits in it has the role. */
    teamId: idColumn('team').strictNullable().$type<`team_${string}`>(),
    teamOrganizationId: idColumn('org').strictNullable().$type<`org_${string}`>(),
    /** null: a single permission was given. */
    roleId: () =>
      p
        .manyToOne(RoleRow)
        .mapToPk()
        .strictNullable()
        .fieldName('role_id')
        .foreignKeyName('role_assignments_role_id_foreign')
        .deleteRule('cascade'),
    /** Whose the role is: zeros for the installation's. */
    roleHome: p.uuid().defaultRaw(`${zeros}::uuid`),
    permission: p.string().columnType('text').strictNullable().$type<string>(),
    scopeKind: p.string().columnType('text').$type<ScopeKind>(),
    /** The organization of what it is on; null: it is on the whole system, or on what a user owns outside every organization. */
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
    /** The identity provider that gave it, and may take it back. */
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
    // Who has something widely, among millions of grants on resources.
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
      // What a team has stays in its organization: those who run that one say who sits in it.
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

/** That a subject holds a role, or a permission, somewhere for some time. History: a row is ended, never overwritten or deleted. */
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
    /** As many of its roles together are too many. */
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

/** Roles of which nobody has too many (static), or uses too many in one session (dynamic): separation of duty (ANSI INCITS 359). */
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
    /** The organization it was used in, with zeros for none. */
    home: p.uuid().primary(),
    /** To the hour; written off the request path. */
    lastUsedAt: instant(),
  },
})

/** When somebody last used a permission: reviews ask for what nobody uses. */
export class PermissionUseRow extends PermissionUseSchema.class {}
PermissionUseSchema.setClass(PermissionUseRow)
