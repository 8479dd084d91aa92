import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import { OrganizationRow } from '../organizations/entity.ts'
import { UserRow } from '../users/entity.ts'

export const resourcesKeyUnique = 'resources_key_unique'

const ResourceSchema = defineEntity({
  name: 'ResourceRow',
  tableName: 'resources',
  properties: {
    id: idColumn('res').primary(),
    /** The organization it is in; null: a user's own, outside of organizations. */
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .strictNullable()
        .fieldName('organization_id')
        .foreignKeyName('resources_organization_id_foreign')
        .deleteRule('cascade'),
    /** The organization, with zeros for none, for foreign keys. */
    home: p.uuid().generated(`(coalesce(organization_id, '00000000-0000-0000-0000-000000000000'::uuid)) stored`).nullable(),
    type: p.string().columnType('text'),
    /** The application's own identifier. */
    key: p.string().columnType('text').strictNullable().$type<string>(),
    name: p.string().columnType('text').strictNullable().$type<string>(),
    parentId: idColumn('res').strictNullable().$type<`res_${string}`>(),
    /** UUIDs of the resource itself and its ancestors, up to the outermost. */
    path: p.array().columnType('uuid[]').$type<string[]>(),
    /** null: the organization owns it. */
    ownerUserId: () =>
      p.manyToOne(UserRow).mapToPk().strictNullable().fieldName('owner_user_id').foreignKeyName('resources_owner_user_id_foreign'),
    /** Since when it has this owner. */
    ownedSince: instant(),
    version: p.integer().version(),
    createdBy: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
    createdAt: instant(),
    updatedAt: instant(),
    deletedAt: instant().strictNullable().$type<Date>(),
    deletedBy: idColumn('usr').strictNullable().$type<`usr_${string}`>(),
  },
  uniques: [{ name: 'resources_home_unique', properties: ['home', 'id'] }],
  indexes: [
    {
      name: resourcesKeyUnique,
      expression: `create unique index "resources_key_unique" on "resources" (coalesce("organization_id", "owner_user_id"), "type", "key") where "deleted_at" is null`,
    },
    { name: 'resources_owner_user_id_index', properties: ['ownerUserId'] },
    { name: 'resources_created_by_index', properties: ['createdBy'] },
    { name: 'resources_deleted_by_index', properties: ['deletedBy'] },
    { name: 'resources_path_index', expression: `create index "resources_path_index" on "resources" using gin ("path")` },
    {
      name: 'resources_organization_index',
      expression: `create index "resources_organization_index" on "resources" ("organization_id", "type", "id") where "deleted_at" is null`,
    },
    {
      name: 'resources_owner_index',
      expression: `create index "resources_owner_index" on "resources" ("owner_user_id", "type", "id") where "deleted_at" is null`,
    },
  ],
  checks: [{ name: 'resources_owned', expression: `organization_id is not null or owner_user_id is not null` }],
})

/**
 * A thing of an application that access can be given to. A parent is in the same organization; the foreign key `resources_parent_foreign`
 * ensures it and is only in the migration, because MikroORM cannot describe keys that share a column.
 */
export class ResourceRow extends ResourceSchema.class {}
ResourceSchema.setClass(ResourceRow)
