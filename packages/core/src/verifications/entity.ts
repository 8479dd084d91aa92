import { defineEntity, p } from '@mikro-orm/core'
import { address, idColumn, instant } from '../kernel/columns.ts'
import { UserRow } from '../users/entity.ts'
import type { VerificationPurpose } from './model.ts'

const VerificationSchema = defineEntity({
  name: 'VerificationRow',
  tableName: 'verifications',
  properties: {
    id: idColumn('ver').primary(),
    purpose: p.string().columnType('text').$type<VerificationPurpose>(),
    /** The user; null: nobody has the address, which must not be revealed. */
    userId: () =>
      p
        .manyToOne(UserRow)
        .mapToPk()
        .strictNullable()
        .fieldName('user_id')
        .foreignKeyName('verifications_user_id_foreign')
        .deleteRule('cascade'),
    /** The address that the secret was sent to: it proves that address and no other. */
    email: p.string().columnType('text').collation('C'),
    /** SHA-256 of the secret's text. */
    hash: p.string().columnType('text'),
    /** SHA-256 of the binding that only the browser or program that asked has; null: anybody with the secret may use it. */
    bindingHash: p.string().columnType('text').strictNullable().$type<string>(),
    /** Data for when the address is proved, encrypted under the master key; null: none. */
    sealedPayload: p.string().columnType('text').strictNullable().$type<string>(),
    /** Where to redirect afterwards: an own or allowed origin. */
    redirectTo: p.string().columnType('text').strictNullable().$type<string>(),
    /** Who asked: shown in the mail, so that its reader can tell whether it was them. */
    ip: address().strictNullable().$type<string>(),
    userAgent: p.string().columnType('text').strictNullable().$type<string>(),
    /** Wrong guesses so far, of codes short enough to be guessed. */
    attempts: p.integer().default(0),
    createdAt: instant(),
    expiresAt: instant(),
    usedAt: instant().strictNullable().$type<Date>(),
    revokedAt: instant().strictNullable().$type<Date>(),
  },
  indexes: [
    { name: 'verifications_user_id_index', properties: ['userId', 'purpose'] },
    { name: 'verifications_email_index', properties: ['email', 'purpose', 'createdAt'] },
    { name: 'verifications_expires_at_index', properties: ['expiresAt'] },
  ],
  checks: [
    {
      name: 'verifications_purpose_known',
      expression: `purpose in ('signUp', 'verifyEmail', 'resetPassword', 'magicLink', 'emailCode', 'reauthenticate', 'setup', 'claim')`,
    },
  ],
})

/** A secret that is mailed to an address, and proves it once. */
export class VerificationRow extends VerificationSchema.class {}
VerificationSchema.setClass(VerificationRow)
