import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { Id } from '../kernel/id.ts'
import { OrganizationRow } from '../organizations/entity.ts'

export const teamsNameUnique = 'teams_name_unique'

const TeamSchema = defineEntity({
  name: 'TeamRow',
  tableName: 'teams',
  properties: {
    id: idColumn('team').primary(),
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .fieldName('organization_id')
        .foreignKeyName('teams_organization_id_foreign')
        .deleteRule('cascade'),
    name: p.string().columnType('text'),
    description: p.string().columnType('text').strictNullable().$type<string>(),
    version: p.integer().version(),
    createdAt: instant(),
    updatedAt: instant(),
    /** Its assignments stay in the history; its name is free again. */
    deletedAt: instant().strictNullable().$type<Date>(),
  },
  uniques: [{ name: 'teams_organization_unique', properties: ['organizationId', 'id'] }],
  indexes: [
    {
      name: teamsNameUnique,
      expression: `create unique index "teams_name_unique" on "teams" ("organization_id", lower("name")) where "deleted_at" is null`,
    },
  ],
})

/** A group of members inside an organization. */
export class TeamRow extends TeamSchema.class {}
TeamSchema.setClass(TeamRow)

const TeamMemberSchema = defineEntity({
  name: 'TeamMemberRow',
  tableName: 'team_members',
  properties: {
    teamId: idColumn('team').primary(),
    userId: idColumn('usr').primary(),
    organizationId: idColumn('org').$type<Id<'org'>>(),
    createdAt: instant(),
  },
  indexes: [{ name: 'team_members_user_index', properties: ['userId', 'organizationId'] }],
})

/**
 * A seat in a team. Its foreign keys include the organization, so that the database
 * itself refuses a team or a person of another one, and a seat goes with the
 * membership: `team_members_team_foreign` and `team_members_membership_foreign`
 * stand in the migration only, for MikroORM cannot describe keys that share a column.
 */
export class TeamMemberRow extends TeamMemberSchema.class {}
TeamMemberSchema.setClass(TeamMemberRow)
