import { defineEntity, p } from '@mikro-orm/core'
import { instant } from '../kernel/columns.ts'

/** What is remembered of how things were. */
export type FormerKind = 'membership' | 'seat' | 'userStatus' | 'organizationStatus' | 'ownership'

const FormerStateSchema = defineEntity({
  name: 'FormerStateRow',
  tableName: 'former_states',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    kind: p.string().columnType('text').$type<FormerKind>(),
    /** Whose state it was: a user, an organization or a resource. */
    subjectId: p.uuid(),
    /** Where: the organization, or the team; null where that says nothing. */
    objectId: p.uuid().strictNullable().$type<string>(),
    /** The role of the member, the status, or the owner. */
    value: p.string().columnType('text').strictNullable().$type<string>(),
    beganAt: instant(),
    endedAt: instant(),
  },
  indexes: [
    { name: 'former_states_subject_index', properties: ['kind', 'subjectId', 'endedAt'] },
    { name: 'former_states_object_index', properties: ['kind', 'objectId', 'endedAt'] },
  ],
})

/**
 * How things were before they were changed or ended: who could do what at some
 * time is worked out from these (`access.at`). The state that holds now is in its own table.
 */
export class FormerStateRow extends FormerStateSchema.class {}
FormerStateSchema.setClass(FormerStateRow)
