import { byId, type HeldTable } from '../held.ts'

const hash = 'is the hash of a secret'
const sealed = 'is a secret, encrypted'
const key = 'is a key'
const ofUser = 't.user_id = {person}'
const byUser = { sql: 't.user_id', type: 'uuid' } as const

/** What the person signs in with. */
export const credentialTables: Readonly<Record<string, HeldTable>> = {
  passwords: {
    purpose: 'That the person has a password, and since when.',
    people: { user_id: 'the person' },
    purge: { deleted: ofUser, gone: ['user_id'] },
    export: { found: ofUser, key: byUser, shown: { user_id: 'usr', changed_at: 'time' }, leftOut: { hash } },
  },
  former_passwords: {
    purpose: 'Until when the person had other passwords: they cannot be used again.',
    people: { user_id: 'the person' },
    purge: { deleted: ofUser, gone: ['user_id'] },
    export: { found: ofUser, key: byId, shown: { id: 'pwd', user_id: 'usr', replaced_at: 'time' }, leftOut: { hash } },
  },
  totp_factors: {
    purpose: 'The authenticator app of the person.',
    people: { user_id: 'the person' },
    purge: { deleted: ofUser, gone: ['user_id'] },
    export: {
      found: ofUser,
      key: byUser,
      shown: { user_id: 'usr', id: 'fac', created_at: 'time', activated_at: 'time' },
      leftOut: { sealed_key: sealed, pending_key: sealed, last_step: 'says which code was used last' },
    },
  },
  recovery_codes: {
    purpose: 'The recovery codes of the person, and which are used.',
    people: { user_id: 'the person' },
    purge: { deleted: ofUser, gone: ['user_id'] },
    export: { found: ofUser, key: byId, shown: { id: 'rec', user_id: 'usr', created_at: 'time', used_at: 'time' }, leftOut: { hash } },
  },
  passkeys: {
    purpose: 'The passkeys of the person.',
    people: { user_id: 'the person', name: 'what the person calls it' },
    purge: { deleted: ofUser, gone: ['user_id', 'name'] },
    export: {
      found: ofUser,
      key: byId,
      shown: {
        id: 'psk',
        user_id: 'usr',
        counter: 'value',
        transports: 'value',
        name: 'value',
        aaguid: 'value',
        backed_up: 'value',
        created_at: 'time',
        last_used_at: 'time',
      },
      leftOut: { credential_id: key, public_key: key },
    },
  },
  identities: {
    purpose: 'The accounts at other providers that the person signs in with, and what these told of them.',
    people: {
      user_id: 'the person',
      subject: 'their id at the provider',
      email: 'their address at the provider',
      profile: 'what the provider told of them',
    },
    purge: { deleted: ofUser, gone: ['user_id', 'subject', 'email', 'profile'] },
    export: {
      found: ofUser,
      key: byId,
      shown: {
        id: 'idn',
        user_id: 'usr',
        issuer: 'value',
        subject: 'value',
        email: 'value',
        email_verified: 'value',
        profile: 'value',
        created_at: 'time',
        last_used_at: 'time',
      },
      leftOut: {},
    },
  },
}
