import { assignEverywhere, enforceSeparationOfDuty, type RoleId } from '../../access/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import { callerId } from '../../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import type { Id } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import { hashPatiently, sealKey } from '../../passwords/index.ts'
import { insertUser, type NewAccount } from '../account.ts'
import { unreadableUser } from '../errors.ts'
import { accountsSignatures } from '../signatures.ts'
import { complete, findEarlier, importedRealms, readEarlier, rolesEverHad, type EarlierUser } from './earlier.ts'
import { lostIn, realmCalledAlike, rolesOf, sharedWith, usersOf } from '../keycloak/index.ts'
import type { ImportedUser, Lost, UnreadableUser } from './model.ts'
import { assignableRoles, idsOf, leftOut, makeRoles, noRoles, type AssignableRoles } from './roles.ts'

/** A user to import, its password hashed; or one whom an earlier import made. */
type PreparedUser =
  | UnreadableUser
  | { readonly user: ImportedUser; readonly passwordHash: string | null; readonly earlier: Id<'usr'> | null }

export const importUsers = defineCommand(accountsSignatures.import, {
  allow: granted,
  plansAnswer: true,
  async prepare(context, { realm }) {
    const roles = rolesOf(realm)
    const users = usersOf(realm, roles)
    const earlier = await findEarlier(
      context.reader,
      users.flatMap((user) => ('problem' in user ? [] : [user.origin])),
    )
    const ready = await prepared(context, users, earlier)
    const alike = realmCalledAlike(realm.realm, await importedRealms(context.reader))
    return {
      ready,
      roles: alike === null ? roles : sharedWith(alike, roles),
      lost: [...lostIn(realm), ...cutIn(roles.descriptionsCut)],
      earlier: [...earlier.values()],
    }
  },
  locks: ({ earlier }) => earlier,
  async handle(context, { createRoles }, { ready, roles, lost, earlier }) {
    const rolesCreated = createRoles ? await makeRoles(context, roles.roles) : []
    const known = createRoles ? await assignableRoles(context, roles.roles) : noRoles
    const before = { users: await readEarlier(context.em, earlier), roles: await rolesEverHad(context.em, earlier), known }
    const outcome = await importAll(context, ready, before)
    const rolesFailed = createRoles ? roles.unreadable.map(({ index, name, problem }) => ({ index, name, message: problem })) : []
    const { created, completed, unchanged } = countsOf(outcome.users)
    const completedUserIds = outcome.users.flatMap(({ status, userId }) => (status === 'completed' ? [userId] : []))
    context.note({ changes: { created, completed, unchanged, failed: outcome.failed.length, rolesCreated, completedUserIds } })
    return { created, completed, unchanged, rolesCreated, rolesFailed, lost: [...lost], ...outcome }
  },
})

/** Hashes the passwords of those whom no earlier import made. */
export async function prepared(
  context: PrepareContext,
  users: readonly (ImportedUser | UnreadableUser)[],
  earlier: ReadonlyMap<string, Id<'usr'>>,
): Promise<readonly PreparedUser[]> {
  const ready: PreparedUser[] = []
  for (const user of users) {
    const known = 'problem' in user ? null : (earlier.get(user.origin) ?? null)
    if ('problem' in user) ready.push(user)
    else ready.push({ user, earlier: known, passwordHash: known === null ? await hashOf(context, user) : null })
  }
  return ready
}

async function hashOf({ ports }: PrepareContext, { password }: ImportedUser): Promise<string | null> {
  if (password === null) return null
  return 'hash' in password ? sealKey(ports.cipher, password.hash) : hashPatiently(ports.hasher, password.plain)
}

function cutIn(count: number): readonly Lost[] {
  return count === 0 ? [] : [{ what: 'ends of long descriptions of roles', count, users: null }]
}

/** What was there before the import. */
interface Before {
  readonly users: ReadonlyMap<Id<'usr'>, EarlierUser>
  readonly roles: ReadonlyMap<Id<'usr'>, ReadonlySet<RoleId>>
  readonly known: AssignableRoles
}

/** What became of a user. */
interface Imported {
  readonly userId: Id<'usr'>
  readonly username: string
  readonly status: 'created' | 'completed' | 'unchanged'
  readonly warnings: readonly string[]
}

export async function importAll(context: CommandContext, ready: readonly PreparedUser[], before: Before) {
  const users: { index: number; username: string; userId: Id<'usr'>; status: Imported['status'] }[] = []
  const failed: { index: number; username: string; code: string; message: string }[] = []
  const warnings: { index: number; username: string; message: string }[] = []
  for (const [index, item] of ready.entries()) {
    const result = await context.attempt(() => importOne(context, item, before), index)
    const called = 'problem' in item ? item.username : item.user.called
    if (!result.ok) {
      failed.push({ index, username: called, code: result.error.code, message: result.error.message })
      continue
    }
    const { userId, username, status } = result.value
    users.push({ index, username, userId, status })
    warnings.push(...result.value.warnings.map((message) => ({ index, username: called, message })))
  }
  return { users, failed, warnings }
}

export function countsOf(users: readonly { readonly status: Imported['status'] }[]): Record<Imported['status'], number> {
  const count = (wanted: Imported['status']) => users.filter(({ status }) => status === wanted).length
  return { created: count('created'), completed: count('completed'), unchanged: count('unchanged') }
}

async function importOne(context: CommandContext, item: PreparedUser, { users, roles, known }: Before): Promise<Imported> {
  if ('problem' in item) throw unreadableUser({ problem: item.problem })
  const { user } = item
  const wanted = idsOf(user.roles, known)
  if (item.earlier === null) return insertOne(context, item, { roleIds: wanted, warnings: leftOut(user.roles, known) })
  const earlier = users.get(item.earlier)
  if (earlier === undefined) throw unreadableUser({ problem: 'the user of an earlier import was deleted just now' })
  const had = roles.get(earlier.id)
  const missing = wanted.filter((roleId) => had?.has(roleId) !== true)
  const isCompleted = await complete(context, earlier, missing)
  return {
    userId: earlier.id,
    username: earlier.username,
    status: isCompleted ? 'completed' : 'unchanged',
    warnings: leftOut(user.roles, known),
  }
}

interface Extras {
  readonly roleIds: readonly RoleId[]
  readonly warnings: readonly string[]
}

async function insertOne(
  context: CommandContext,
  { user, passwordHash }: Exclude<PreparedUser, UnreadableUser>,
  { roleIds, warnings }: Extras,
): Promise<Imported> {
  const account: NewAccount = {
    username: user.username,
    usernameIsOurs: user.usernameIsOurs,
    importedFrom: user.origin,
    email: user.email,
    emailVerified: user.emailVerified,
    status: user.status,
    kind: user.kind,
    passwordHash,
    needPasswordChange: user.needPasswordChange,
    homeOrganizationId: null,
    profile: { fullName: user.fullName },
  }
  const row = await insertUser(context, account)
  const { actor, now } = context
  await enforceSeparationOfDuty(context.em, { userIds: [row.id], roleIds: [...roleIds], organizationId: null, scopeKind: 'system' }, now)
  for (const roleId of roleIds)
    assignEverywhere(context.em, { id: context.newId('asg'), roleId, userId: row.id, grantedBy: callerId(actor), now })
  return { userId: row.id, username: row.username, status: 'created', warnings: [...user.warnings, ...warnings] }
}
