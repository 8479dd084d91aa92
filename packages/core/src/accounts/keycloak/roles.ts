import { z } from 'zod'
import { foreignObject } from '../../kernel/input.ts'
import { inputWords } from '../../kernel/input-words.ts'
import { cleanLine, printable, singleLine } from '../../text/index.ts'
import { longestRoleDescription, roleDescription } from '../../access/model.ts'
import { problemIn, type ImportedRole, type UnreadableRole } from '../import/model.ts'
import type { KeycloakRealm } from './model.ts'

/** The roles of a realm. */
export interface RealmRoles {
  readonly roles: readonly ImportedRole[]
  /** Which cannot be imported, and why. */
  readonly unreadable: readonly UnreadableRole[]
  /** How many descriptions were longer than ours can be. */
  readonly descriptionsCut: number
  /** Names in the file of roles that are not imported because another one has the name. */
  readonly clashing: ReadonlySet<string>
}

const keycloakRole = foreignObject({
  name: singleLine(255).refine((name) => name !== '', 'a name is needed'),
  description: z.string().nullish(),
})

/**
 * The realm's roles, prefixed with the realm's name: its `admin` becomes `quickstart:admin`, never Denizen's own. Of names that differ in
 * upper and lower case only, the one in lower case is imported, else the first: two roles must not become one.
 */
export function rolesOf({ realm, roles }: KeycloakRealm): RealmRoles {
  const found = (roles?.realm ?? []).map((record) => ({ record, parsed: keycloakRole.safeParse(record, { error: inputWords }) }))
  const names = found.flatMap(({ parsed }) => (parsed.success ? [parsed.data.name] : []))
  const owners = ownersOf(names)
  const imported = new Map<string, ImportedRole>()
  const unreadable: UnreadableRole[] = []
  const clashing = new Set<string>()
  let descriptionsCut = 0
  for (const [index, { record, parsed }] of found.entries()) {
    if (!parsed.success) {
      unreadable.push({ index, name: nameIn(record), problem: problemIn(parsed.error, record) })
      continue
    }
    const { name } = parsed.data
    const owner = owners.get(name.toLowerCase())
    if (owner !== name) {
      clashing.add(name)
      unreadable.push({ index, name: printable(name, 100), problem: clash(owner ?? '') })
      continue
    }
    if (imported.has(name)) continue // the file repeats itself
    const description = descriptionOf(parsed.data.description ?? '')
    if (description.isCut) descriptionsCut++
    imported.set(name, { name: roleName(realm, name), description: description.text === '' ? null : description.text })
  }
  return { roles: [...imported.values()], unreadable, descriptionsCut, clashing }
}

/** As it is, if it can be kept; else in one line, without what cannot be shown, and not too long. */
function descriptionOf(text: string): { readonly text: string; readonly isCut: boolean } {
  const kept = roleDescription.safeParse(text)
  if (kept.success) return { text: kept.data, isCut: false }
  const line = cleanLine(text)
  return { text: cut(line, longestRoleDescription), isCut: line.length > longestRoleDescription }
}

/** By the name that a role would have here: the name in the file that gets it. */
function ownersOf(names: readonly string[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>()
  for (const name of names) if (!owners.has(name.toLowerCase()) || name === name.toLowerCase()) owners.set(name.toLowerCase(), name)
  return owners
}

export function roleName(realm: string, role: string): string {
  return `${realm}:${role}`.toLowerCase()
}

/** The realm's name as it stands in the origins of its users, where `:` parts it from what follows. */
export function realmPart(realm: string): string {
  return realm.replaceAll(/[%:]/g, (mark) => encodeURIComponent(mark))
}

/** Another realm, among those that were imported, whose roles would have the same names here; null: there is none. */
export function realmCalledAlike(realm: string, imported: readonly string[]): string | null {
  const part = realmPart(realm)
  const other = imported.find((name) => name !== part && name.toLowerCase() === part.toLowerCase())
  return other === undefined ? null : decodeURIComponent(other)
}

/** The roles of a realm that another one has already: none of them is imported, or the users of one had the roles of the other. */
export function sharedWith(other: string, { roles, unreadable, ...found }: RealmRoles): RealmRoles {
  const problem = `the realm ${printable(other, 100)} was imported, and its name differs in upper and lower case only: both would have the same roles; rename one of them`
  const refused = roles.map(({ name }, index) => ({ index, name, problem }))
  return { ...found, roles: [], unreadable: [...unreadable, ...refused] }
}

/** The first letters, without half of one at the end. */
export function cut(text: string, most: number): string {
  return text
    .slice(0, most)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()
}

/** What is wrong with a record, with the name of the field. */
function clash(owner: string): string {
  return `it differs from the role ${printable(owner, 100)} in upper and lower case only, which names of roles here do not; rename one of them`
}

function nameIn(record: unknown): string {
  if (record === null || typeof record !== 'object' || !('name' in record) || typeof record.name !== 'string') return ''
  return printable(record.name, 100)
}
