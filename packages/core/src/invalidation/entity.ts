import { defineEntity, p } from '@mikro-orm/core'
import { instant, transactionId } from '../kernel/columns.ts'

const InvalidationSchema = defineEntity({
  name: 'InvalidationRow',
  tableName: 'invalidations',
  properties: {
    id: p.uuid().primary(),
    xid: transactionId(),
    keys: p.array().columnType('text[]').$type<string[]>(),
    createdAt: instant(),
  },
  indexes: [
    { name: 'invalidations_xid_index', properties: ['xid'] },
    { name: 'invalidations_created_at_index', properties: ['createdAt'] },
  ],
})

/**
 * Ids of what has changed (users, sessions, tokens, organizations, roles, teams, resources, policies): every process drops what it has
 * cached of them.
 */
export class InvalidationRow extends InvalidationSchema.class {}
InvalidationSchema.setClass(InvalidationRow)
