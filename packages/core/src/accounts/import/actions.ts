import { assignRole, insertRole, findRoles, enforceSeparationOfDuty, rolesThatGrant, type RoleId } from '../../access/index.ts'
import type { BuiltInRoleName } from '../../grants/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import { callerId, type Actor } from '../../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { granted } from '../../kernel/rule.ts'
import { printable } from '../../text/index.ts'
import { hashPatiently } from '../../passwords/index.ts'
import { insertUser, type NewAccount } from '../account.ts'
import { unreadableUser } from '../errors.ts'
import { accountsSignatures } from '../signatures.ts'
import { rolesOf, usersOf } from './keycloak.ts'
import type { ImportedRole, ImportedUser, UnreadableUser } from './model.ts'

/** An imported user, its password hashed. */
type HashedUser = { readonly user: ImportedUser; readonly passwordHash: string | null } | UnreadableUser

export const importUsers = defineCommand(accountsSignatures.import, {
  allow: granted,
  async prepare(context, { realm }) {
    const ready: HashedUser[] = []
    for (const user of usersOf(realm)) ready.push('problem' in user ? user : { user, passwordHash: await hashOf(context, user) })
    return { ready, roles: rolesOf(realm) }
  },
  async handle(context, { createRoles }, { ready, roles }) {
    const made = createRoles ? await makeRoles(context, roles) : []
    const known = createRoles ? await assignableRoles(context, roles) : noRoles
    const failed: { index: number; username: string; code: string; message: string }[] = []
    const warnings: { index: number; username: string; message: string }[] = []
    for (const [index, item] of ready.entries()) {
      const result = await context.attempt(() => importOne(context, item, known), index)
      const username = 'problem' in item ? item.username : item.user.username
      if (!result.ok) failed.push({ index, username, code: result.error.code, message: result.error.message })
      else warnings.push(...result.value.map((message) => ({ index, username, message })))
    }
    const created = ready.length - failed.length
    context.note({ changes: { created, failed: failed.length, rolesCreated: made } })
    return { created, rolesCreated: made, failed, warnings }
  },
})

async function hashOf({ ports }: PrepareContext, { password }: ImportedUser): Promise<string | null> {
  if (password === null) return null
  return 'hash' in password ? password.hash : hashPatiently(ports.hasher, password.plain)
}

/** Creates the missing roles. They grant nothing until an operator maps them. */
async function makeRoles(context: CommandContext, roles: readonly ImportedRole[]): Promise<string[]> {
  const names = roles.map(({ name }) => name)
  const existing = new Set((await findRoles(context.em, names)).map(({ name }) => name))
  const missing = roles.filter(({ name }, index) => !existing.has(name) && roles.findIndex((role) => role.name === name) === index)
  for (const { name, description } of missing) insertRole(context.em, { id: context.newId('rol'), name, description, now: context.now })
  await context.em.flush()
  return missing.map(({ name }) => name)
}

/** The realm's roles by name; `withheld` are those that the importer may not assign. */
interface AssignableRoles {
  readonly ids: ReadonlyMap<string, RoleId>
  readonly withheld: ReadonlySet<string>
}
const superadmin: BuiltInRoleName = 'superadmin'
const noRoles: AssignableRoles = { ids: new Map(), withheld: new Set() }

/** Nobody grants more than they have: a role that was mapped to permissions since an earlier import is assigned by superadmins only. */
async function assignableRoles({ em, actor }: CommandContext, roles: readonly ImportedRole[]): Promise<AssignableRoles> {
  const names = roles.map(({ name }) => name)
  const found = await findRoles(em, names)
  const ids = found.map(({ id }) => id)
  const granting = mayGrantAnything(actor) ? new Set<RoleId>() : await rolesThatGrant(em, ids)
  return {
    ids: new Map(found.filter(({ id }) => !granting.has(id)).map(({ name, id }) => [name, id])),
    withheld: new Set(found.filter(({ id }) => granting.has(id)).map(({ name }) => name)),
  }
}

function mayGrantAnything(actor: Actor): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.principal.roles.includes(superadmin))
}

async function importOne(context: CommandContext, item: HashedUser, known: AssignableRoles): Promise<readonly string[]> {
  if ('problem' in item) throw unreadableUser({ problem: item.problem })
  const { user, passwordHash } = item
  const account: NewAccount = {
    username: user.username,
    usernameIsOurs: user.usernameIsOurs,
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
  const granting = { userId: row.id, grantedBy: callerId(actor), now }
  const roleIds = [...new Set(user.roles.flatMap((name) => known.ids.get(name) ?? []))]
  await enforceSeparationOfDuty(context.em, { userIds: [row.id], roleIds, organizationId: null, scopeKind: 'system' }, now)
  for (const roleId of roleIds) assignRole(context.em, { id: context.newId('asg'), roleId, ...granting })
  const withheld = user.roles.filter((name) => known.withheld.has(name))
  const unknown = user.roles.filter((name) => !known.withheld.has(name) && !known.ids.has(name))
  return [
    ...user.warnings,
    ...notAssigned('they do not exist here; create them, or import with createRoles', unknown),
    ...notAssigned('they grant permissions now, so only a superadmin may assign them', withheld),
  ]
}

function notAssigned(why: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`roles were not assigned because ${why}: ${printable(names.join(', '), 300)}`]
}
