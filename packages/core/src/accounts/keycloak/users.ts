import { cleanLine, emailForm, printable } from '../../text/index.ts'
import { email, fullName, longestFullName, username, usernameFrom } from '../../users/model.ts'
import { inputWords } from '../../kernel/input-words.ts'
import { problemIn, type ImportedUser, type UnreadableUser } from '../import/model.ts'
import { keycloakUser, largestRecord, type KeycloakRealm, type KeycloakUser } from './model.ts'
import { isPassword } from './credentials.ts'
import { passwordOf } from './password.ts'
import { cut, realmPart, roleName, rolesOf, type RealmRoles } from './roles.ts'

/** The realm's users in Denizen's shape; one that does not fit is reported, and the others go on. */
export function usersOf(realm: KeycloakRealm, roles = rolesOf(realm)): readonly (ImportedUser | UnreadableUser)[] {
  const seen = new Set<string>()
  return realm.users.map((record) => {
    const read = readUser(realm.realm, record, roles)
    if ('problem' in read) return read
    if (seen.has(read.origin)) return { username: read.called, problem: 'the file has this user twice' }
    seen.add(read.origin)
    return read
  })
}

function readUser(realm: string, record: unknown, roles: RealmRoles): ImportedUser | UnreadableUser {
  const refuse = (problem: string): UnreadableUser => ({ username: nameIn(record), problem })
  if ((JSON.stringify(record) ?? '').length > largestRecord) return refuse('the record is too large')
  const parsed = keycloakUser.safeParse(record, { error: inputWords })
  if (!parsed.success) return refuse(problemIn(parsed.error, record))
  const user = parsed.data
  const [given, address] = [user.username ?? '', (user.email ?? '') === '' ? null : email.safeParse(user.email)]
  if (given === '' && address === null) return refuse('a username or an email address is needed')
  const isMade = given === '' || given.includes('@')
  const name = username.safeParse(isMade ? usernameFrom(given, user.email) : given)
  const wrong = [name, address].find((field) => field?.success === false)
  if (wrong?.success === false) return refuse(wrong.error.issues[0]?.message ?? 'not readable')
  const full = cleanLine([user.firstName, user.lastName].filter(Boolean).join(' '))
  const shown = cut(full, longestFullName)
  if (!fullName.safeParse(shown).success) return refuse('the first and last name cannot be shown')
  const { password, temporary, warnings } = passwordOf(user.credentials ?? [])
  const [ours, actions] = [name.data ?? '', user.requiredActions ?? []]
  const mail = address?.data ?? null
  return {
    called: printable(given === '' ? (user.email ?? '') : given, 64),
    origin: originOf(realm, user, [ours, mail]),
    username: ours,
    usernameIsOurs: isMade && mail !== null,
    email: mail,
    emailVerified: isTrue(user.emailVerified) && !actions.includes('VERIFY_EMAIL'),
    fullName: shown === '' ? null : shown,
    status: isTrue(user.enabled) ? 'active' : 'inactive',
    kind: (user.serviceAccountClientId ?? null) === null ? 'human' : 'service',
    password,
    needPasswordChange: temporary || actions.includes('UPDATE_PASSWORD'),
    roles: (user.realmRoles ?? []).filter((role) => !roles.clashing.has(role)).map((role) => roleName(realm, role)),
    warnings: [
      ...(isMade ? [renamed(user, ours)] : []),
      ...unclear(user),
      ...(full === shown ? [] : [`the name is longer than ${longestFullName} characters, and was cut`]),
      ...warnings,
      ...leftBehind(user, roles),
    ],
  }
}

/** Keycloak's id, or the names that the file has. Nobody can change what it is made from here, so it tells a repeated import who is who. */
function originOf(realm: string, { id }: KeycloakUser, names: readonly (string | null)[]): string {
  const isId = typeof id === 'string' && /^[\w.:-]{1,255}$/.test(id)
  return `keycloak:${realmPart(realm)}:${isId ? `id:${id}` : `name:${names.join(' ')}`}`
}

/** Some tools write it as text, which Keycloak reads as well. */
function isTrue(value: unknown): boolean {
  return value === true || value === 'true'
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean' || value === 'true' || value === 'false'
}

/** What is missing or anything else is not so, as it is for Keycloak. */
function unclear({ enabled, emailVerified }: KeycloakUser): readonly string[] {
  const warnings: string[] = []
  if (enabled === undefined || enabled === null)
    warnings.push('the file does not say whether the user is enabled; the user is inactive, as in Keycloak')
  else if (!isFlag(enabled)) warnings.push('"enabled" is neither true nor false; the user is inactive')
  if (emailVerified !== undefined && emailVerified !== null && !isFlag(emailVerified))
    warnings.push('"emailVerified" is neither true nor false; the address counts as not verified')
  return warnings
}

/** Keycloak allows addresses as usernames; Denizen does not, so that an identifier is unambiguous. */
function renamed({ username: given, email: address }: KeycloakUser, name: string): string {
  const called = `the user is called ${name} here, or that with a suffix if it is taken`
  if ((given ?? '') === '') return `there is no username; ${called}`
  const before = given ?? ''
  const signsIn = (emailForm(address ?? '') ?? '') === (emailForm(before) ?? before)
  const still = signsIn ? ', and signs in with the address as before' : `, and cannot sign in as ${printable(before, 100)} any more`
  return `the username was an address; ${called}${still}`
}

/** What the user or an administrator has to do again; the rest of what is not taken over is counted (see `lost.ts`). */
function leftBehind({ credentials, realmRoles }: KeycloakUser, { clashing }: RealmRoles): readonly string[] {
  const warnings: string[] = []
  if ((credentials ?? []).some((credential) => !isPassword(credential)))
    warnings.push('second factors are not imported; the user must enrol them again')
  const lost = (realmRoles ?? []).filter((role) => clashing.has(role))
  if (lost.length > 0)
    warnings.push(`roles were not assigned because other roles have their names here: ${printable(lost.join(', '), 300)}`)
  return warnings
}

function nameIn(record: unknown): string {
  if (record === null || typeof record !== 'object') return ''
  const { username: name, email: address } = record as Readonly<Record<string, unknown>>
  return printable(typeof name === 'string' && name !== '' ? name : typeof address === 'string' ? address : '', 64)
}
