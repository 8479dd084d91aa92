import { defineEntity, p } from '@mikro-orm/core'
import { instant } from '../kernel/columns.ts'

/** Kinds of state with history. */
export type FormerKind = 'membership' | 'seat' | 'userStatus' | 'organizationStatus' | 'ownership'

const FormerStateSchema = defineEntity({
  name: 'FormerStateRow',
  tableName: 'former_states',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    kind: p.string().columnType('text').$type<FormerKind>(),
    /** The user, organization or resource. */
    subjectId: p.uuid(),
    /** The organization or team; null: the kind has none. */
    objectId: p.uuid().strictNullable().$type<string>(),
    /** The role of the member, the status, or the owner. */
    value: p.string().columnType('text').strictNullable().$type<string>(),
    beganAt: instant(),
    endedAt: instant(),
  },
  indexes: [
    { name: 'former_states_subject_index', properties: ['kind', 'subjectId', 'endedAt'] },
    { name: 'former_states_object_index', properties: ['kind', 'objectId', 'endedAt'] },
    {
      name: 'former_states_owner_index',
      expression: `create index "former_states_owner_index" on "former_states" ("value") where "kind" = 'ownership'`,
    },
  ],
})

/**
 * Former states: how something was before it was changed or ended. `access.at` works out from them who could do what at a time. The
 * present state is in its own table.
 */
export class FormerStateRow extends FormerStateSchema.class {}
FormerStateSchema.setClass(FormerStateRow)
