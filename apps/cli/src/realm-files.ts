import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { inputWords, keycloakRealm, lostIn, uploadOf, type KeycloakRealm, type Lost } from '@denizen/core/contract'
import { usageError } from './failure.ts'
import { parseJson } from './input-options.ts'
import { readText, unreadable } from './input-files.ts'

/** How to get the file. */
const howToExport = 'Export the realm from Keycloak: bin/kc.sh export --file realm.json --realm <name> --users realm_file'

/** A realm export: what is sent of it, and what is not taken over. */
export interface RealmExport {
  readonly realm: KeycloakRealm
  readonly lost: readonly Lost[]
}

/**
 * Reads a realm export: a file, or the directory that Keycloak writes with `--dir`. Only what is imported leaves this machine; the rest
 * is counted here.
 */
export async function readRealm(path: string): Promise<RealmExport> {
  const files = await filesOf(path)
  const parts: Record<string, unknown>[] = []
  for (const file of files) parts.push(recordIn(parseJson(await readText(file), file, howToExport), file))
  const whole = parts.length === 1 ? (parts[0] ?? {}) : merged(parts, path)
  const { users, ...rest } = uploadOf(whole)
  if ('users' in whole && !Array.isArray(whole['users'])) throw wrong(path, 'users: a list is needed')
  const parsed = keycloakRealm.safeParse({ ...rest, users: [] }, { error: inputWords })
  if (parsed.success) return { realm: { ...parsed.data, users: [...users] }, lost: lostIn(whole) }
  const [issue] = parsed.error.issues
  throw wrong(path, `${(issue?.path ?? []).map(String).join('.')}: ${issue?.message ?? 'not readable'}`)
}

async function filesOf(path: string): Promise<readonly string[]> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false, // reading it says what is wrong
  )
  if (!isDirectory) return [path]
  const all = await readdir(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const names = all.filter((name) => /-(?:realm|users-\d+|federated-users-\d+)\.json$/.test(name))
  if (names.length === 0) throw usageError(`There is no realm export in ${path}.`, howToExport)
  return names.toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true })).map((name) => join(path, name))
}

function recordIn(value: unknown, file: string): Record<string, unknown> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  throw wrong(file, Array.isArray(value) ? 'it is a list; export one realm' : 'it is no object')
}

/** The files of a directory are one realm: each has a part of the users. */
function merged(parts: readonly Record<string, unknown>[], path: string): Record<string, unknown> {
  const names = new Set(parts.map(({ realm }) => realm))
  if (names.size > 1) throw usageError(`The files in ${path} are of several realms: ${[...names].join(', ')}.`, 'Import them file by file.')
  const users = parts.flatMap((part) => (Array.isArray(part['users']) ? (part['users'] as unknown[]) : []))
  return { ...Object.assign({}, ...parts), users }
}

function wrong(path: string, what: string): Error {
  return usageError(`${path} is not a Keycloak realm: ${what}`, howToExport)
}
