import { isObject } from '../../kernel/json.ts'
import { printable } from '../../text/index.ts'
import type { Lost } from '../import/model.ts'
import { isPassword, typeOf } from './credentials.ts'

type Counts = Map<string, { count: number; users: number | null }>

/** Taken over, or of no use outside Keycloak. */
const userFields: ReadonlySet<string> = new Set(
  `username email emailVerified firstName lastName enabled credentials realmRoles requiredActions
    totp disableableCredentialTypes access origin self notBefore`.split(/\s+/),
)
const roleFields: ReadonlySet<string> = new Set(['name', 'description', 'composite', 'clientRole', 'containerId'])
const realmFields: ReadonlySet<string> = new Set(['realm', 'users', 'roles'])
const actionsTaken: ReadonlySet<string> = new Set(['UPDATE_PASSWORD', 'VERIFY_EMAIL'])

/** What fields are called where their names say too little. */
const words: Readonly<Record<string, string>> = {
  id: 'ids of users',
  createdTimestamp: 'creation times',
  groups: 'memberships in groups',
  federatedIdentities: 'federated identities',
  attributes: 'attributes of users',
  clientRoles: 'client roles of users',
  federationLink: 'links to user federation',
  serviceAccountClientId: 'clients of service accounts',
}

/** More kinds than anybody reads; the rest is counted together. */
const mostKinds = 100

/**
 * What a realm export says that the import does not take over, with how often it says so. Empty lists, empty texts, null, false and zero
 * say nothing. `realm` may be of any shape.
 */
export function lostIn(realm: unknown): readonly Lost[] {
  if (!isObject(realm)) return []
  const counts: Counts = new Map()
  for (const user of list(realm['users'])) if (isObject(user)) countUser(counts, user)
  countRoles(counts, realm['roles'])
  for (const [name, value] of Object.entries(realm)) if (!realmFields.has(name)) countOfRealm(counts, name, value)
  return [...counts].map(([what, { count, users }]) => ({ what, count, users }))
}

function countUser(counts: Counts, user: Readonly<Record<string, unknown>>): void {
  const lost = new Map<string, number>()
  const add = (what: string, count: number) => void lost.set(what, (lost.get(what) ?? 0) + count)
  for (const [name, value] of Object.entries(user)) if (!userFields.has(name)) add(words[name] ?? inWords(name), sizeOf(value))
  const credentials = list(user['credentials'])
  const taken = credentials.find(isPassword)
  for (const credential of credentials)
    if (credential !== taken) add(`credentials of the type ${printable(typeOf(credential) ?? 'unknown', 64)}`, 1)
  for (const action of list(user['requiredActions']))
    if (typeof action === 'string' && !actionsTaken.has(action)) add(`required action ${printable(action, 64)}`, 1)
  for (const [what, count] of lost) tally(counts, what, count, 1)
}

function countRoles(counts: Counts, roles: unknown): void {
  if (!isObject(roles)) return
  for (const role of list(roles['realm'])) {
    if (!isObject(role)) continue
    for (const [name, value] of Object.entries(role)) if (!roleFields.has(name)) tally(counts, `${inWords(name)} of roles`, sizeOf(value))
  }
  for (const [name, value] of Object.entries(roles)) if (name !== 'realm') tally(counts, `${inWords(name)} roles`, sizeOf(value))
}

/** Lists of things each by their name; everything else is a setting. */
function countOfRealm(counts: Counts, name: string, value: unknown): void {
  if (name === 'groups')
    return tally(
      counts,
      'groups',
      list(value).reduce<number>((sum, group) => sum + groupsIn(group), 0),
    )
  const parts = Array.isArray(value) ? value : isObject(value) && !isEmpty(value) ? Object.values(value).flat() : []
  if (parts.some(isObject)) return tally(counts, inWords(name), parts.length)
  tally(counts, 'settings of the realm', isEmpty(value) ? 0 : 1)
}

function groupsIn(group: unknown): number {
  return isObject(group) ? list(group['subGroups']).reduce<number>((sum, inner) => sum + groupsIn(inner), 1) : 1
}

function tally(counts: Counts, named: string, count: number, users: number | null = null): void {
  if (count === 0) return
  const what = counts.has(named) || counts.size < mostKinds ? named : 'other fields'
  const before = counts.get(what)
  counts.set(what, { count: (before?.count ?? 0) + count, users: users === null ? null : (before?.users ?? 0) + users })
}

/** How many things a value holds. */
function sizeOf(value: unknown): number {
  if (isEmpty(value)) return 0
  if (Array.isArray(value)) return value.length
  return isObject(value) ? Object.values(value).reduce<number>((sum, part) => sum + (Array.isArray(part) ? part.length : 1), 0) : 1
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.values(value).every((part) => isEmpty(part))
}

/** `identityProviders` → `identity providers` */
function inWords(name: string): string {
  return printable(name, 64).replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
