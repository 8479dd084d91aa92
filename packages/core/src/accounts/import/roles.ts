import { findRoles, insertRole, rolesThatGrant, type RoleId } from '../../access/index.ts'
import type { BuiltInRoleName } from '../../grants/index.ts'
import type { Actor } from '../../kernel/actor.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { printable } from '../../text/index.ts'
import type { ImportedRole } from './model.ts'

/** Creates the missing roles. They grant nothing until an administrator maps them. */
export async function makeRoles(context: CommandContext, roles: readonly ImportedRole[]): Promise<string[]> {
  const names = roles.map(({ name }) => name)
  const existing = new Set((await findRoles(context.em, names)).map(({ name }) => name))
  const missing = roles.filter(({ name }) => !existing.has(name))
  for (const { name, description } of missing) insertRole(context.em, { id: context.newId('rol'), name, description, now: context.now })
  await context.em.flush()
  return missing.map(({ name }) => name)
}

/** The realm's roles by name; `withheld` are those that the importer may not assign. */
export interface AssignableRoles {
  readonly ids: ReadonlyMap<string, RoleId>
  readonly withheld: ReadonlySet<string>
}
const superadmin: BuiltInRoleName = 'superadmin'
export const noRoles: AssignableRoles = { ids: new Map(), withheld: new Set() }

/** Nobody grants more than they have: a role that was mapped to permissions since an earlier import is assigned by superadmins only. */
export async function assignableRoles({ em, actor }: CommandContext, roles: readonly ImportedRole[]): Promise<AssignableRoles> {
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

/** The ids of roles, each once. */
export function idsOf(names: readonly string[], { ids }: AssignableRoles): readonly RoleId[] {
  return [...new Set(names.flatMap((name) => ids.get(name) ?? []))]
}

/** Which roles a user does not get, and why. */
export function leftOut(names: readonly string[], { ids, withheld }: AssignableRoles): readonly string[] {
  return [
    ...notAssigned(
      'they do not exist here; create them, or import with createRoles',
      names.filter((name) => !withheld.has(name) && !ids.has(name)),
    ),
    ...notAssigned(
      'they grant permissions now, so only a superadmin may assign them',
      names.filter((name) => withheld.has(name)),
    ),
  ]
}

function notAssigned(why: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`roles were not assigned because ${why}: ${printable(names.join(', '), 300)}`]
}
