import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../../kernel/context.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOrNull, uuidOf, type Id } from '../../kernel/id.ts'
import { holdsAt } from '../../kernel/rule.ts'
import { requireKnownPermissions } from '../../grants/index.ts'
import type { RoleId } from '../model.ts'
import { loadRoles, patternsIn } from '../facts/roles.ts'
import { targetInScope } from '../targets.ts'
import { notHeld } from './errors.ts'
import type { RoleOrPermission } from './repository.ts'

/** A role or permission, with the permission patterns it grants. */
export interface AssignedPermissions {
  readonly role: { readonly id: RoleId; readonly name: string; readonly builtIn: boolean; readonly organizationId: Id<'org'> | null } | null
  readonly permission: string | null
  /** The permission patterns it grants. */
  readonly patterns: readonly string[]
}

/**
 * Loads a role or permission that can be assigned in a scope. Roles of other organizations and deleted roles are not found. Locks the
 * role, so that its permissions stay the same until the transaction ends.
 */
export async function assignablePermissions(
  { em, catalogue }: CommandContext,
  what: RoleOrPermission,
  scope: Scope,
): Promise<AssignedPermissions> {
  if ('permission' in what) {
    const { permission } = what
    requireKnownPermissions(catalogue, [permission])
    return { role: null, permission, patterns: [permission] }
  }
  const found = await em.execute<unknown[]>('select 1 from roles where id = ? and deleted_at is null for share', [uuidOf(what.roleId)])
  const content = found.length === 0 ? null : await permissionsOfRole(em, what.roleId)
  const home = content?.role?.organizationId ?? null
  if (content === null || (home !== null && home !== scope.organizationId)) throw notFound({ type: 'role' })
  return content
}

/** The permissions of a role, with those of all roles that it includes; null: there is no such role. */
export async function permissionsOfRole(em: SqlEntityManager, id: RoleId): Promise<AssignedPermissions | null> {
  const graph = await loadRoles(em, { ids: [uuidOf(id)] })
  const role = graph.get(uuidOf(id))
  if (role === undefined) return null
  const { name, builtIn, organization } = role
  const organizationId = idOrNull('org', organization)
  return { role: { id, name, builtIn, organizationId }, permission: null, patterns: patternsIn(graph, role.id) }
}

/** Nobody assigns or revokes permissions that they do not hold in that scope themselves. */
export async function requireHeld(context: CommandContext, patterns: readonly string[], scope: Scope): Promise<void> {
  const missing = await missingAt(context, patterns, scope)
  if (missing.length > 0) throw notHeld({ permissions: [...missing].sort() })
}

/** The patterns that the caller does not hold in a scope. Grants on resources are loaded only if they matter. */
async function missingAt({ em, actor }: CommandContext, patterns: readonly string[], scope: Scope): Promise<readonly string[]> {
  const missing = patterns.filter((pattern) => !holdsAt(actor, [pattern], scope))
  if (missing.length === 0 || scope.kind !== 'resource') return missing
  const target = await targetInScope(em, scope, actor, { type: 'place', id: '', visibleWith: '' })
  return missing.filter((pattern) => !holdsAt(actor, [pattern], target))
}
