import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import { UserRow } from '../users/entity.ts'

export const passkeysCredentialUnique = 'passkeys_credential_unique'

const PasskeySchema = defineEntity({
  name: 'PasskeyRow',
  tableName: 'passkeys',
  properties: {
    id: idColumn('psk').primary(),
    userId: () => p.manyToOne(UserRow).mapToPk().fieldName('user_id').foreignKeyName('passkeys_user_id_foreign').deleteRule('cascade'),
    /** As the authenticator calls it, in base64url. */
    credentialId: p.string().columnType('text'),
    /** COSE key (RFC 9052) in base64url. */
    publicKey: p.string().columnType('text'),
    /** How often it signed, as it says itself; many say 0 for ever. */
    counter: p.bigint().$type<string>(),
    transports: p.array().columnType('text[]').$type<string[]>(),
    name: p.string().columnType('text'),
    aaguid: p.string().columnType('text').strictNullable().$type<string>(),
    /** Kept in more places than one device (WebAuthn: backup state). */
    backedUp: p.boolean(),
    createdAt: instant(),
    lastUsedAt: instant().strictNullable().$type<Date>(),
  },
  uniques: [{ name: passkeysCredentialUnique, properties: ['credentialId'] }],
  indexes: [{ name: 'passkeys_user_id_index', properties: ['userId', 'id'] }],
})

/** A public key credential of a user (WebAuthn). */
export class PasskeyRow extends PasskeySchema.class {}
PasskeySchema.setClass(PasskeyRow)
