import { defineEntity, p } from '@mikro-orm/core'
import { address, idColumn, instant } from '../kernel/columns.ts'
import { UserRow } from '../users/entity.ts'
import type { Id } from '../kernel/id.ts'
import type { JsonObject } from '../kernel/text.ts'
import type { ChallengePurpose, LoginMethod, LoginOutcome } from './model.ts'

const LoginAttemptSchema = defineEntity({
  name: 'LoginAttemptRow',
  tableName: 'login_attempts',
  properties: {
    id: idColumn('lat').primary(),
    at: instant(),
    identifier: p.string().columnType('text'),
    userId: () =>
      p
        .manyToOne(UserRow)
        .mapToPk()
        .strictNullable()
        .fieldName('user_id')
        .foreignKeyName('login_attempts_user_id_foreign')
        .deleteRule('set null'),
    outcome: p.string().columnType('text').$type<LoginOutcome>(),
    method: p.string().columnType('text').$type<LoginMethod>(),
    /** The session that it opened, or that ended. */
    sessionId: idColumn('ses').strictNullable().$type<Id<'ses'>>(),
    /** Who did it, where that was not the user: unlocked, revoked, impersonated. */
    actorId: idColumn('usr').strictNullable().$type<Id<'usr'>>(),
    ip: address().strictNullable().$type<string>(),
    userAgent: p.string().columnType('text').strictNullable().$type<string>(),
  },
  indexes: [
    { name: 'login_attempts_user_id_index', properties: ['userId', 'id'] },
    { name: 'login_attempts_identifier_index', properties: ['identifier', 'id'] },
  ],
})

/** One try to sign in: kept also when it failed, and when nobody of that name exists. */
export class LoginAttemptRow extends LoginAttemptSchema.class {}
LoginAttemptSchema.setClass(LoginAttemptRow)

const ChallengeSchema = defineEntity({
  name: 'ChallengeRow',
  tableName: 'challenges',
  properties: {
    id: idColumn('chl').primary(),
    purpose: p.string().columnType('text').$type<ChallengePurpose>(),
    userId: () =>
      p
        .manyToOne(UserRow)
        .mapToPk()
        .strictNullable()
        .fieldName('user_id')
        .foreignKeyName('challenges_user_id_foreign')
        .deleteRule('cascade'),
    /** SHA-256 of the text that the caller was given: whoever lacks it cannot answer. */
    hash: p.string().columnType('text'),
    /** What was proved so far, or has to be answered. Never a secret in clear. */
    payload: p.json().columnType('jsonb').$type<JsonObject>(),
    /** Wrong answers so far. */
    attempts: p.integer().default(0),
    createdAt: instant(),
    expiresAt: instant(),
    usedAt: instant().strictNullable().$type<Date>(),
  },
  indexes: [
    { name: 'challenges_user_id_index', properties: ['userId'] },
    { name: 'challenges_expires_at_index', properties: ['expiresAt'] },
  ],
})

/** Something that was begun and waits for an answer: a second factor, a passkey, a provider's redirect. Answered once. */
export class ChallengeRow extends ChallengeSchema.class {}
ChallengeSchema.setClass(ChallengeRow)

const ThrottleSchema = defineEntity({
  name: 'ThrottleRow',
  tableName: 'throttles',
  properties: {
    /** What is counted: a fingerprint of the account's or the network's name, for names are data about people. */
    key: p.string().columnType('text').primary(),
    failures: p.integer(),
    lastFailureAt: instant(),
    /** Nothing is tried before then. */
    blockedUntil: instant().strictNullable().$type<Date>(),
  },
  indexes: [{ name: 'throttles_last_failure_index', properties: ['lastFailureAt'] }],
})

/** Failures of late, of one account or one network. */
export class ThrottleRow extends ThrottleSchema.class {}
ThrottleSchema.setClass(ThrottleRow)

const DeviceLoginSchema = defineEntity({
  name: 'DeviceLoginRow',
  tableName: 'device_logins',
  properties: {
    id: idColumn('dev').primary(),
    /** SHA-256 of the device code (RFC 8628: 3.2). */
    hash: p.string().columnType('text'),
    userCode: p.string().columnType('text'),
    clientName: p.string().columnType('text'),
    status: p.string().columnType('text').$type<'pending' | 'approved' | 'denied' | 'used'>(),
    userId: () =>
      p
        .manyToOne(UserRow)
        .mapToPk()
        .strictNullable()
        .fieldName('user_id')
        .foreignKeyName('device_logins_user_id_foreign')
        .deleteRule('cascade'),
    /** The session that its approval opened, and that waits for its tokens to be fetched. */
    sessionId: idColumn('ses').strictNullable().$type<Id<'ses'>>(),
    ip: address().strictNullable().$type<string>(),
    userAgent: p.string().columnType('text').strictNullable().$type<string>(),
    /** Seconds between two polls; grows when the device does not keep to it (RFC 8628: 3.5). */
    interval: p.integer(),
    lastPolledAt: instant().strictNullable().$type<Date>(),
    createdAt: instant(),
    expiresAt: instant(),
  },
  uniques: [{ name: 'device_logins_user_code_unique', properties: ['userCode'] }],
  indexes: [{ name: 'device_logins_expires_at_index', properties: ['expiresAt'] }],
  checks: [{ name: 'device_logins_status_known', expression: `status in ('pending', 'approved', 'denied', 'used')` }],
})

/** A program without a browser that waits for its user to approve it elsewhere (RFC 8628). */
export class DeviceLoginRow extends DeviceLoginSchema.class {}
DeviceLoginSchema.setClass(DeviceLoginRow)
