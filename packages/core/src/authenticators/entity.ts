import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import { UserRow } from '../users/entity.ts'

const TotpFactorSchema = defineEntity({
  name: 'TotpFactorRow',
  tableName: 'totp_factors',
  properties: {
    userId: () =>
      p.manyToOne(UserRow).mapToPk().primary().fieldName('user_id').foreignKeyName('totp_factors_user_id_foreign').deleteRule('cascade'),
    id: idColumn('fac'),
    /** The key that the app and we share, encrypted under the master key for this user alone; null: none was activated yet. */
    sealedKey: p.string().columnType('text').strictNullable().$type<string>(),
    /** The key that is to take its place once a code proves that an app has it. */
    pendingKey: p.string().columnType('text').strictNullable().$type<string>(),
    createdAt: instant(),
    /** null: begun, but no code has proved yet that the app has the key. */
    activatedAt: instant().strictNullable().$type<Date>(),
    /** The last time step (RFC 6238) whose code was accepted: neither it nor an earlier one is accepted again. */
    lastStep: p.bigint().strictNullable().$type<string>(),
  },
})

/** The authenticator app of a user (RFC 6238). */
export class TotpFactorRow extends TotpFactorSchema.class {}
TotpFactorSchema.setClass(TotpFactorRow)

const RecoveryCodeSchema = defineEntity({
  name: 'RecoveryCodeRow',
  tableName: 'recovery_codes',
  properties: {
    id: idColumn('rec').primary(),
    userId: () =>
      p.manyToOne(UserRow).mapToPk().fieldName('user_id').foreignKeyName('recovery_codes_user_id_foreign').deleteRule('cascade'),
    hash: p.string().columnType('text'),
    createdAt: instant(),
    usedAt: instant().strictNullable().$type<Date>(),
  },
  uniques: [{ name: 'recovery_codes_hash_unique', properties: ['userId', 'hash'] }],
})

/** A code on paper for who has lost the other factor: used once. */
export class RecoveryCodeRow extends RecoveryCodeSchema.class {}
RecoveryCodeSchema.setClass(RecoveryCodeRow)
