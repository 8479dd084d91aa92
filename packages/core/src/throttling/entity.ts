import { defineEntity, p } from '@mikro-orm/core'
import { instant } from '../kernel/columns.ts'

const ThrottleSchema = defineEntity({
  name: 'ThrottleRow',
  tableName: 'throttles',
  properties: {
    /** A fingerprint of what is counted, an account or a network: names are personal data. */
    key: p.string().columnType('text').primary(),
    failures: p.integer(),
    lastFailureAt: instant(),
    /** No attempt is accepted before then. */
    blockedUntil: instant().strictNullable().$type<Date>(),
  },
  indexes: [{ name: 'throttles_last_failure_index', properties: ['lastFailureAt'] }],
})

/** Recent failures of one account or network. */
export class ThrottleRow extends ThrottleSchema.class {}
ThrottleSchema.setClass(ThrottleRow)
