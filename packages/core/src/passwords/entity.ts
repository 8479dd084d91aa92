import { defineEntity, p } from '@mikro-orm/core'
import { instant } from '../kernel/columns.ts'
import { UserRow } from '../users/entity.ts'

const PasswordSchema = defineEntity({
  name: 'PasswordRow',
  tableName: 'passwords',
  properties: {
    userId: () =>
      p.manyToOne(UserRow).mapToPk().primary().fieldName('user_id').foreignKeyName('passwords_user_id_foreign').deleteRule('cascade'),
    hash: p.string().columnType('text'),
    changedAt: instant(),
  },
})

/** The password of a user, as a PHC string. */
export class PasswordRow extends PasswordSchema.class {}
PasswordSchema.setClass(PasswordRow)
