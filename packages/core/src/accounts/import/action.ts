import { assignRole, builtInRoles, createRole, findRoles, type RoleId } from '../../access/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { DenizenError } from '../../kernel/errors.ts'
import { granted } from '../../kernel/rule.ts'
import { printable } from '../../kernel/text.ts'
import { hashPassword } from '../../passwords/index.ts'
import { insertUser, type NewAccount } from '../account.ts'
import { unreadableUser } from '../errors.ts'
import { importUsersSignature } from '../signatures.ts'
import { rolesOf, usersOf } from './keycloak.ts'
import type { ImportedRole, ImportedUser, UnreadableUser } from './model.ts'

/** A user ready to be written: its password is a hash already. */
type Ready = { readonly user: ImportedUser; readonly passwordHash: string | null } | UnreadableUser

export const importUsers = defineCommand(importUsersSignature, {
  allow: granted,
  async prepare(context, { realm }) {
    const ready: Ready[] = []
    for (const user of usersOf(realm)) ready.push('problem' in user ? user : { user, passwordHash: await hashOf(context, user) })
    return { ready, roles: rolesOf(realm) }
  },
  async handle(context, { createRoles }, { ready, roles }) {
    const made = createRoles ? await makeRoles(context, roles) : []
    const known = new Map(
      createRoles
        ? (
            await findRoles(
              context.em,
              roles.map(({ name }) => name),
            )
          ).map(({ name, id }) => [name, id])
        : [],
    )
    const failed: { index: number; username: string; code: string; message: string }[] = []
    const warnings: { index: number; username: string; message: string }[] = []
    for (const [index, item] of ready.entries()) {
      const result = await context.attempt(() => importOne(context, item, known))
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

/** An import is in no hurry: when the queue for hashing is full, it waits for its turn instead of failing. */
async function hashPatiently(hasher: PrepareContext['ports']['hasher'], password: string): Promise<string> {
  for (;;) {
    try {
      return await hashPassword(hasher, password)
    } catch (error) {
      if (!(error instanceof DenizenError) || error.kind !== 'unavailable') throw error
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
}

/** Makes the roles that are not there yet. They grant nothing: an operator maps them. */
async function makeRoles(context: CommandContext, roles: readonly ImportedRole[]): Promise<string[]> {
  const existing = new Set(
    (
      await findRoles(
        context.em,
        roles.map(({ name }) => name),
      )
    ).map(({ name }) => name),
  )
  const missing = roles.filter(({ name }, index) => !existing.has(name) && roles.findIndex((role) => role.name === name) === index)
  for (const { name, description } of missing) createRole(context.em, { id: context.newId('rol'), name, description, now: context.now })
  await context.em.flush()
  return missing.map(({ name }) => name)
}

async function importOne(context: CommandContext, item: Ready, known: ReadonlyMap<string, RoleId>): Promise<readonly string[]> {
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
    profile: { fullName: user.fullName },
  }
  const row = await insertUser(context, account)
  const { actor, now } = context
  const granting = { userId: row.id, grantedBy: actor.kind === 'user' ? actor.principal.userId : null, now }
  const wanted = user.roles.map((name) => known.get(name))
  for (const roleId of new Set(wanted)) {
    if (roleId !== undefined && roleId !== builtInRoles.superadmin.id)
      assignRole(context.em, { id: context.newId('asg'), roleId, ...granting })
  }
  const unknown = user.roles.filter((name) => !known.has(name))
  return unknown.length === 0
    ? user.warnings
    : [...user.warnings, `roles were not assigned, for they do not exist here: ${printable(unknown.join(', '), 300)}`]
}
