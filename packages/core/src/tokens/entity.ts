import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/json.ts'
import { SessionRow } from '../sessions/entity.ts'
import { OrganizationRow } from '../organizations/entity.ts'
import { UserRow } from '../users/entity.ts'
import type { UserId } from '../users/model.ts'
import type { TokenId, TokenKind } from './model.ts'

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
    /** Its name; only API tokens have one. */
    name: p.string().columnType('text').strictNullable().$type<string>(),
    /** Permission patterns that it is limited to; null: everything that its user may do. */
    scopes: p.array().columnType('text[]').strictNullable().$type<string[]>(),
    /** The one organization that it acts in; null: every one that its user belongs to. */
    organizationId: () =>
      p
        .manyToOne(OrganizationRow)
        .mapToPk()
        .strictNullable()
        .fieldName('organization_id')
        .foreignKeyName('tokens_organization_id_foreign')
        .deleteRule('cascade'),
    /** CIDR blocks that it may be used from, besides those of its user; empty: any. */
    allowedIps: p.array().columnType('text[]').$type<string[]>().defaultRaw(`'{}'`),
    createdBy: idColumn('usr').strictNullable().$type<UserId>(),
    createdAt: instant(),
    /** null: only API tokens may last until they are revoked. */
    expiresAt: instant().strictNullable().$type<Date>(),
    /** Of API tokens; of refresh tokens, when something of their pair was first used. */
    lastUsedAt: instant().strictNullable().$type<Date>(),
    /** When a refresh token was rotated, and the token that replaced it. */
    rotatedAt: instant().strictNullable().$type<Date>(),
    replacedBy: idColumn('tok').strictNullable().$type<TokenId>(),
    revokedAt: instant().strictNullable().$type<Date>(),
  },
  indexes: [
    { name: 'tokens_user_id_index', properties: ['userId', 'kind', 'id'] },
    { name: 'tokens_session_id_index', properties: ['sessionId'] },
  ],
  checks: [
    { name: 'tokens_kind_known', expression: `kind in ('access', 'refresh', 'api')` },
    { name: 'tokens_expire', expression: `kind = 'api' or expires_at is not null` },
    { name: 'tokens_of_sessions', expression: `(kind = 'api') = (session_id is null)` },
  ],
})

/** An opaque token: its id finds the row, the SHA-256 of its secret is compared in constant time. */
export class TokenRow extends TokenSchema.class {}
TokenSchema.setClass(TokenRow)

const SigningKeySchema = defineEntity({
  name: 'SigningKeyRow',
  tableName: 'signing_keys',
  properties: {
    /** The `kid` of RFC 7517. */
    id: idColumn('key').primary(),
    algorithm: p.string().columnType('text').$type<'EdDSA' | 'ES256'>(),
    /** As published in the JWKS. */
    publicKey: p.json().columnType('jsonb').$type<JsonObject>(),
    /** The private JWK, encrypted under the master key. */
    sealedKey: p.string().columnType('text'),
    createdAt: instant(),
    /** Published from its creation, signs from here on, so that cached JWKS have it by then. */
    activeFrom: instant(),
    /** Signs no more; stays published until the last token that it signed has expired. */
    retiredAt: instant().strictNullable().$type<Date>(),
  },
})

/** A key that signs tokens, which others verify with the JWKS. */
export class SigningKeyRow extends SigningKeySchema.class {}
SigningKeySchema.setClass(SigningKeyRow)

const ReceiptKeySchema = defineEntity({
  name: 'ReceiptKeyRow',
  tableName: 'receipt_keys',
  properties: {
    /** The key of `signing_keys` that it was. */
    id: idColumn('key').primary(),
    publicKey: p.json().columnType('jsonb').$type<JsonObject>(),
    firstUsedAt: instant(),
  },
})

/** The public half of a key that has signed a receipt: kept after the key is gone, because receipts are verified years later. It signs nothing, and no token is accepted by it. */
export class ReceiptKeyRow extends ReceiptKeySchema.class {}
ReceiptKeySchema.setClass(ReceiptKeyRow)
