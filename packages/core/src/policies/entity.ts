import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/json.ts'

export const policiesNameUnique = 'resource_policies_name_unique'

const PolicySchema = defineEntity({
  name: 'PolicyRow',
  tableName: 'resource_policies',
  properties: {
    id: idColumn('pol').primary(),
    name: p.string().columnType('text'),
    description: p.string().columnType('text').strictNullable().$type<string>(),
    /** Only the limits that it sets; null means unlimited. */
    limits: p.json().columnType('jsonb').$type<JsonObject>(),
    isDefault: p.boolean().default(false),
    version: p.integer().version(),
    createdAt: instant(),
    updatedAt: instant(),
  },
  uniques: [{ name: policiesNameUnique, properties: ['name'] }],
  indexes: [
    {
      name: 'resource_policies_default_unique',
      expression: `create unique index "resource_policies_default_unique" on "resource_policies" ("is_default") where "is_default"`,
    },
  ],
})

/** A policy: named limits that can be assigned to users and organizations. */
export class PolicyRow extends PolicySchema.class {}
PolicySchema.setClass(PolicyRow)

const RequestWindowSchema = defineEntity({
  name: 'RequestWindowRow',
  tableName: 'request_windows',
  properties: {
    userId: idColumn('usr').primary(),
    /** The minute. */
    startedAt: instant().primary(),
    /** Calls that processes have reserved, used or not. */
    taken: p.integer(),
  },
  indexes: [{ name: 'request_windows_started_at_index', properties: ['startedAt'] }],
})

/** How many of a user's calls per minute are reserved by processes. */
export class RequestWindowRow extends RequestWindowSchema.class {}
RequestWindowSchema.setClass(RequestWindowRow)
