import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../../kernel/columns.ts'

const PermissionUseSchema = defineEntity({
  name: 'PermissionUseRow',
  tableName: 'permission_uses',
  properties: {
    userId: idColumn('usr').primary(),
    permission: p.string().columnType('text').primary(),
    /** The organization it was used in; zeros for none. */
    home: p.uuid().primary(),
    /** To the hour; written in the background. */
    lastUsedAt: instant(),
  },
})

/** The last use of a permission by a user, for access reviews. */
export class PermissionUseRow extends PermissionUseSchema.class {}
PermissionUseSchema.setClass(PermissionUseRow)
