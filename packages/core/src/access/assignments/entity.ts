import { defineEntity, p } from '@mikro-orm/core'
import type { ScopeKind } from '../../grants/model.ts'
import { idColumn, instant } from '../../kernel/columns.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { OrganizationRow } from '../../organizations/entity.ts'
import { UserRow } from '../../users/entity.ts'
import { homeColumn, zeros } from '../columns.ts'
import type { SubjectKind } from '../model.ts'
import { RoleRow } from '../roles/entity.ts'

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
    /** The organization of the scope; null: everywhere, or a user's own resource outside of organizations. */
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
