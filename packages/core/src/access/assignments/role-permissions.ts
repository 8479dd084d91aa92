import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../../kernel/context.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOf, uuidOf, type Id } from '../../kernel/id.ts'
import { holdsAt } from '../../kernel/rule.ts'
import { builtInRoles, requireKnownPermissions } from '../../grants/index.ts'
import type { RoleId } from '../model.ts'
import type { BuiltInRoleName } from '../../grants/model.ts'
import { targetInScope, type Scope } from '../scopes.ts'
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

interface RoleRecord {
  readonly name: string
  readonly built_in: boolean
  readonly organization: string | null
  readonly permissions: string | null
  readonly included: string | null
}

/** The permissions of a role, with those of all roles that it includes; null: there is no such role. */
export async function permissionsOfRole(em: SqlEntityManager, id: RoleId): Promise<AssignedPermissions | null> {
  const [row] = await em.execute<RoleRecord[]>(
    `select r.name, r.built_in, r.organization_id::text as organization,
        (select json_agg(distinct p.permission)::text from role_permissions p where p.revoked_at is null
          and (p.role_id = r.id or p.role_id in (select c.included_id from role_closure c where c.role_id = r.id))) as permissions,
        (select json_agg(i.name)::text from role_closure c join roles i on i.id = c.included_id and i.built_in where c.role_id = r.id) as included
      from roles r where r.id = ?`,
    [uuidOf(id)],
  )
  if (row === undefined) return null
  const builtIn = [...(row.built_in ? [row.name] : []), ...(JSON.parse(row.included ?? '[]') as string[])]
  const fixed = builtIn.flatMap((name) => builtInRoles[name as BuiltInRoleName].permissions)
  const own = row.built_in ? [] : (JSON.parse(row.permissions ?? '[]') as string[])
  const organizationId = row.organization === null ? null : idOf('org', row.organization)
  return { role: { id, name: row.name, builtIn: row.built_in, organizationId }, permission: null, patterns: [...own, ...fixed] }
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
