import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import { SessionRow } from '../sessions/entity.ts'
import { UserRow } from '../users/entity.ts'
import type { TokenKind } from './model.ts'

const TokenSchema = defineEntity({
  name: 'TokenRow',
  tableName: 'tokens',
  properties: {
    id: idColumn('tok').primary(),
    kind: p.string().columnType('text').$type<TokenKind>(),
    userId: () => p.manyToOne(UserRow).mapToPk().fieldName('user_id').foreignKeyName('tokens_user_id_foreign').deleteRule('cascade'),
    sessionId: () =>
      p
        .manyToOne(SessionRow)
        .mapToPk()
        .strictNullable()
        .fieldName('session_id')
        .foreignKeyName('tokens_session_id_foreign')
        .deleteRule('cascade'),
    hash: p.string().columnType('text'),
    createdAt: instant(),
    expiresAt: instant(),
    revokedAt: instant().strictNullable().$type<Date>(),
  },
  indexes: [
    { name: 'tokens_user_id_index', properties: ['userId'] },
    { name: 'tokens_session_id_index', properties: ['sessionId'] },
  ],
  checks: [{ name: 'tokens_kind_known', expression: `kind in ('access', 'refresh', 'api')` }],
})

/** An opaque token: its id finds the row, the SHA-256 of its secret is compared in constant time. */
export class TokenRow extends TokenSchema.class {}
TokenSchema.setClass(TokenRow)
