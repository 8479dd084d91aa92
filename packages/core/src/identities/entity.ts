import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/json.ts'
import { UserRow } from '../users/entity.ts'

export const identitiesSubjectUnique = 'identities_subject_unique'

const IdentitySchema = defineEntity({
  name: 'IdentityRow',
  tableName: 'identities',
  properties: {
    id: idColumn('idn').primary(),
    userId: () => p.manyToOne(UserRow).mapToPk().fieldName('user_id').foreignKeyName('identities_user_id_foreign').deleteRule('cascade'),
    /** The `iss` claim, exactly. */
    issuer: p.string().columnType('text'),
    /** The `sub` claim: only together with the issuer does it name anybody. */
    subject: p.string().columnType('text'),
    email: p.string().columnType('text').strictNullable().$type<string>(),
    emailVerified: p.boolean().default(false),
    profile: p.json().columnType('jsonb').$type<JsonObject>(),
    createdAt: instant(),
    lastUsedAt: instant().strictNullable().$type<Date>(),
  },
  uniques: [{ name: identitiesSubjectUnique, properties: ['issuer', 'subject'] }],
  indexes: [{ name: 'identities_user_id_index', properties: ['userId', 'id'] }],
})

/** The identity of a user at an external provider. */
export class IdentityRow extends IdentitySchema.class {}
IdentitySchema.setClass(IdentityRow)

const ProviderEventSchema = defineEntity({
  name: 'ProviderEventRow',
  tableName: 'provider_events',
  properties: {
    provider: p.string().columnType('text').primary(),
    eventId: p.string().columnType('text').primary(),
    receivedAt: instant(),
  },
})

/** A processed webhook event, so that it is not processed twice. */
export class ProviderEventRow extends ProviderEventSchema.class {}
ProviderEventSchema.setClass(ProviderEventRow)
