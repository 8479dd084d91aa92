import { z } from 'zod'
import { foreignObject, longList, recordOf } from '../../kernel/input.ts'
import { secret } from '../../kernel/secret.ts'
import { cleanLine, emailForm, multiLine, printable, singleLine } from '../../text/index.ts'
import { argon2Hash, pbkdf2Hash } from '../../passwords/model.ts'
import { displayName, email, username, usernameFrom } from '../../users/model.ts'
import type { ImportedPassword, ImportedRole, ImportedUser, UnreadableUser } from './model.ts'

/**
 * The parts of a Keycloak realm export about users and realm roles
 * (https://www.keycloak.org/docs-api/latest/rest-api/#RealmRepresentation).
 * Everything else in the file is ignored.
 */
const credential = foreignObject({
  type: z.string().max(64).optional(),
  value: secret(z.string().max(1024)).optional(),
  temporary: z.boolean().optional(),
  secretData: secret(z.string().max(4096)).optional(),
  credentialData: z.string().max(4096).optional(),
})

/** Some tools write it as text. What is missing or anything else is not so, as it is for Keycloak. */
const flag = z.union([z.boolean(), z.enum(['true', 'false'])]).nullish()

const keycloakUser = foreignObject({
  username: z.string().max(1024),
  email: z.string().max(1024).nullish(),
  emailVerified: flag,
  firstName: z.string().max(1024).nullish(),
  lastName: z.string().max(1024).nullish(),
  enabled: flag,
  credentials: z.array(credential).max(50).optional(),
  realmRoles: longList(z.string().max(255)).max(1000).optional(),
  clientRoles: recordOf(1000, z.string().max(255), longList(z.string().max(255)).max(1000)).optional(),
  groups: longList(z.string().max(1024)).max(1000).optional(),
  requiredActions: z.array(z.string().max(255)).max(100).optional(),
  serviceAccountClientId: z.string().max(255).optional(),
})
type KeycloakUser = z.infer<typeof keycloakUser>

export const keycloakRealm = foreignObject({
  realm: singleLine(255).refine((name) => name !== '', 'a name is needed'),
  users: longList(keycloakUser).max(1000).default([]),
  roles: foreignObject({
    realm: longList(foreignObject({ name: singleLine(255), description: multiLine(1024).optional() }))
      .max(1000)
      .default([]),
  }).optional(),
})
export type KeycloakRealm = z.infer<typeof keycloakRealm>

/** The realm's roles, prefixed with the realm's name: its `admin` becomes `quickstart:admin`, never Denizen's own. */
export function rolesOf({ realm, roles }: KeycloakRealm): readonly ImportedRole[] {
  return (roles?.realm ?? []).map(({ name, description }) => ({ name: roleName(realm, name), description: description ?? null }))
}

/** The realm's users in Denizen's shape; one that does not fit is reported, and the others go on. */
export function usersOf({ realm, users }: KeycloakRealm): readonly (ImportedUser | UnreadableUser)[] {
  return users.map((user) => {
    const isAddress = user.username.includes('@')
    const name = username.safeParse(isAddress ? usernameFrom(user.username, user.email) : user.username)
    const address = (user.email ?? '') === '' ? null : email.safeParse(user.email)
    const full = displayName.safeParse(cleanLine([user.firstName, user.lastName].filter(Boolean).join(' ')))
    const problem = [name, address, full].find((parsed) => parsed?.success === false)
    if (problem?.success === false)
      return { username: printable(user.username, 64), problem: problem.error.issues[0]?.message ?? 'not readable' }
    const { password, warnings } = passwordOf(user)
    return {
      username: name.data ?? '',
      usernameIsOurs: isAddress && address !== null,
      email: address?.data ?? null,
      emailVerified: isTrue(user.emailVerified),
      fullName: full.data === '' ? null : (full.data ?? null),
      status: isTrue(user.enabled) ? 'active' : 'inactive',
      kind: user.serviceAccountClientId === undefined ? 'human' : 'service',
      password,
      needPasswordChange: mustChangePassword(user),
      roles: (user.realmRoles ?? []).map((role) => roleName(realm, role)),
      warnings: [...renamed(user, isAddress ? (name.data ?? '') : null), ...warnings, ...leftBehind(user)],
    }
  })
}

function isTrue(value: KeycloakUser['enabled']): boolean {
  return value === true || value === 'true'
}

/** Keycloak allows addresses as usernames; Denizen does not, so that an identifier is unambiguous. */
function renamed({ username: before, email: address }: KeycloakUser, name: string | null): readonly string[] {
  if (name === null) return []
  const signsIn = (emailForm(address ?? '') ?? '') === (emailForm(before) ?? before)
  const still = signsIn ? ', and signs in with the address as before' : `, and cannot sign in as ${printable(before, 100)} any more`
  return [`the username was an address; the user is called ${name} here, or that with a suffix if it is taken${still}`]
}

function passwordOf(user: KeycloakUser): { password: ImportedPassword | null; warnings: readonly string[] } {
  const found = (user.credentials ?? []).find(({ type, value }) => type === 'password' || (type === undefined && value !== undefined))
  if (found === undefined) return { password: null, warnings: [] }
  if (found.value === '') return { password: null, warnings: ['the password is empty; the user must reset it'] }
  if (found.value !== undefined) return { password: { plain: found.value }, warnings: [] }
  const hash = hashOf(found.secretData, found.credentialData)
  return hash === null
    ? { password: null, warnings: ['this kind of password hash cannot be imported; the user must reset the password'] }
    : { password: { hash }, warnings: [] }
}

const secretData = z.object({ value: z.string(), salt: z.string() })
const parameter = (name: RegExp) => z.tuple([z.string().regex(name)])
const number = parameter(/^\d{1,7}$/)
const credentialData = z.object({ hashIterations: z.int(), algorithm: z.string(), additionalParameters: z.unknown().optional() })
/** Keycloak's default since version 25. */
const argon2Parameters = z.object({ memory: number, parallelism: number, type: parameter(/^(?:id|i|d)$/), version: parameter(/^1\.[03]$/) })

function hashOf(secretText: string | undefined, dataText: string | undefined): string | null {
  const hidden = secretData.safeParse(parseJson(secretText))
  const data = credentialData.safeParse(parseJson(dataText))
  if (!hidden.success || !data.success) return null
  if (data.data.algorithm === 'argon2') return argon2Of(data.data, hidden.data)
  const digest = { pbkdf2: 'sha1', 'pbkdf2-sha256': 'sha256', 'pbkdf2-sha512': 'sha512' }[data.data.algorithm]
  return digest === undefined ? null : pbkdf2Hash(digest, data.data.hashIterations, hidden.data.salt, hidden.data.value)
}

function argon2Of(
  { hashIterations, additionalParameters }: z.infer<typeof credentialData>,
  hidden: z.infer<typeof secretData>,
): string | null {
  const parsed = argon2Parameters.safeParse(additionalParameters)
  if (!parsed.success) return null
  const { memory, parallelism, type, version } = parsed.data
  const cost = { memory: Number(memory[0]), passes: hashIterations, lanes: Number(parallelism[0]) }
  return argon2Hash({ type: type[0], version: version[0], ...cost, salt: hidden.salt, hash: hidden.value })
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown
  } catch {
    return undefined // a damaged export: the caller reports that the hash cannot be imported
  }
}

function mustChangePassword({ credentials = [], requiredActions = [] }: KeycloakUser): boolean {
  return requiredActions.includes('UPDATE_PASSWORD') || credentials.some(({ type, temporary }) => type === 'password' && temporary === true)
}

function leftBehind({ clientRoles = {}, groups = [], credentials = [] }: KeycloakUser): readonly string[] {
  const warnings: string[] = []
  if (Object.keys(clientRoles).length > 0)
    warnings.push(`client roles are not imported: ${printable(Object.keys(clientRoles).join(', '), 200)}`)
  if (groups.length > 0) warnings.push(`groups are not imported: ${printable(groups.join(', '), 200)}`)
  const factors = credentials.filter(({ type }) => type !== undefined && type !== 'password')
  if (factors.length > 0) warnings.push('second factors are not imported; the user must enrol them again')
  return warnings
}

function roleName(realm: string, role: string): string {
  return `${realm}:${role}`.toLowerCase()
}
