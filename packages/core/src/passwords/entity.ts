import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import { UserRow } from '../users/entity.ts'
import { isUnsealed } from './keyed.ts'
import { kindIndex } from './kinds.ts'

const PasswordSchema = defineEntity({
  name: 'PasswordRow',
  tableName: 'passwords',
  properties: {
    userId: () =>
      p.manyToOne(UserRow).mapToPk().primary().fieldName('user_id').foreignKeyName('passwords_user_id_foreign').deleteRule('cascade'),
    hash: p.string().columnType('text'),
    changedAt: instant(),
  },
  indexes: [
    { name: 'passwords_kind_index', expression: kindIndex },
    {
      name: 'passwords_unsealed_index',
      expression: `create index "passwords_unsealed_index" on "passwords" ("user_id") where ${isUnsealed}`,
    },
  ],
})

/** The password of a user, as a PHC string. */
export class PasswordRow extends PasswordSchema.class {}
PasswordSchema.setClass(PasswordRow)

const FormerPasswordSchema = defineEntity({
  name: 'FormerPasswordRow',
  tableName: 'former_passwords',
  properties: {
    id: idColumn('pwd').primary(),
    userId: () =>
      p.manyToOne(UserRow).mapToPk().fieldName('user_id').foreignKeyName('former_passwords_user_id_foreign').deleteRule('cascade'),
    hash: p.string().columnType('text'),
    replacedAt: instant(),
  },
  indexes: [
    { name: 'former_passwords_user_id_index', properties: ['userId', 'id'] },
    {
      name: 'former_passwords_unsealed_index',
      expression: `create index "former_passwords_unsealed_index" on "former_passwords" ("id") where ${isUnsealed}`,
    },
  ],
})

/** A former password of a user, kept where the settings forbid reuse. */
export class FormerPasswordRow extends FormerPasswordSchema.class {}
FormerPasswordSchema.setClass(FormerPasswordRow)
