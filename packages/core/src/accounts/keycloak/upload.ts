import { isObject } from '../../kernel/json.ts'
import { isPassword, typeOf } from './credentials.ts'
import { keycloakUser } from './model.ts'

/** What an import of a realm sends: of a record, the fields that are taken over. */
interface Upload {
  readonly realm: unknown
  readonly roles: { readonly realm: readonly unknown[] }
  readonly users: readonly unknown[]
}

/**
 * The part of a realm export that the import reads: the rest, such as keys of clients and secrets of second factors, need not leave the
 * machine. Records of another shape stay as they are, so that they are refused by name.
 */
export function uploadOf(realm: Readonly<Record<string, unknown>>): Upload {
  const { roles, users } = realm
  const ofRealm = roles !== null && typeof roles === 'object' && 'realm' in roles ? roles.realm : []
  return {
    realm: realm['realm'],
    roles: { realm: listed(ofRealm).map((role) => only(role, ['name', 'description'])) },
    users: listed(users).map(userOnly),
  }
}

const userFields = Object.keys(keycloakUser.shape)

function userOnly(user: unknown): unknown {
  const kept = only(user, userFields)
  if (!isObject(kept) || !Array.isArray(kept['credentials'])) return kept
  return { ...kept, credentials: kept['credentials'].map((item: unknown) => (isPassword(item) ? item : { type: typeOf(item) })) }
}

function only(record: unknown, fields: readonly string[]): unknown {
  return isObject(record) ? Object.fromEntries(Object.entries(record).filter(([name]) => fields.includes(name))) : record
}

/** A list that is none is refused by the action; here it is left out. */
function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
