import { defineEntity, p } from '@mikro-orm/core'
import { instant } from '../kernel/columns.ts'

const ThrottleSchema = defineEntity({
  name: 'ThrottleRow',
  tableName: 'throttles',
  properties: {
    /** What is counted: a fingerprint of the account's or the network's name, for names are data about people. */
    key: p.string().columnType('text').primary(),
    failures: p.integer(),
    lastFailureAt: instant(),
    /** Nothing is tried before then. */
    blockedUntil: instant().strictNullable().$type<Date>(),
  },
  indexes: [{ name: 'throttles_last_failure_index', properties: ['lastFailureAt'] }],
})

/** Failures of late, of one account or one network. */
export class ThrottleRow extends ThrottleSchema.class {}
ThrottleSchema.setClass(ThrottleRow)
