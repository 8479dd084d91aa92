import type { SqlEntityManager } from '@mikro-orm/sql'
import { notHeld } from '../assignments/errors.ts'
import type { RoleId } from '../model.ts'
import { isGrantedEverywhere, type Actor } from '../../kernel/actor.ts'
import { notFound } from '../../kernel/errors.ts'
import { holdsAt } from '../../kernel/rule.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import { idOrNull, uuidOf } from '../../kernel/id.ts'
import { loadRoles, patternsIn } from '../facts/roles.ts'
import { patternsBy } from './repository.ts'

/** Nobody creates, changes or deletes a role with permissions that they do not hold themselves in its scope. */
export function requireHeldPermissions(actor: Actor, patterns: readonly string[], organizationId: OrganizationId | null): void {
  const missing = [...new Set(patterns)].filter((pattern) => !holdsAt(actor, [pattern], { organizationId })).sort()
  if (missing.length > 0) throw notHeld({ permissions: missing })
}

/** The same check for all permissions of a role, with those of included roles. */
export async function requireHeldRole(
  em: SqlEntityManager,
  actor: Actor,
  role: { readonly id: RoleId; readonly organizationId: OrganizationId | null },
): Promise<void> {
  requireHeldPermissions(actor, (await patternsBy(em, [role.id])).get(role.id) ?? [], role.organizationId)
}

/** Whether the actor may see all roles of the installation. */
export function seesInstallationRoles(actor: Actor): boolean {
  return isGrantedEverywhere(actor, 'roles.get')
}

/**
 * Loads roles for use in an organization (null: everywhere): its own, or the installation's. Roles that the actor may neither
 * see nor use are not found; using one takes all of its permissions in that scope.
 */
export async function usableRoles(
  em: SqlEntityManager,
  actor: Actor,
  { roleIds, organizationId }: { readonly roleIds: readonly RoleId[]; readonly organizationId: OrganizationId | null },
): Promise<readonly UsableRole[]> {
  const graph = await loadRoles(em, { ids: roleIds.map(uuidOf) })
  const there = [...new Set(roleIds)].flatMap((id) => {
    const role = graph.get(uuidOf(id))
    const home = role === undefined ? null : idOrNull('org', role.organization)
    if (role === undefined || (home !== null && home !== organizationId)) return []
    const patterns = patternsIn(graph, role.id)
    const isThere = home !== null || seesInstallationRoles(actor) || holdsAt(actor, patterns, { organizationId })
    return isThere ? [{ id, organizationId: home, name: role.name, builtIn: role.builtIn, patterns }] : []
  })
  if (there.length < new Set(roleIds).size) throw notFound({ type: 'role' })
  for (const { patterns } of there) requireHeldPermissions(actor, patterns, organizationId)
  return there
}

interface UsableRole {
  readonly id: RoleId
  readonly organizationId: OrganizationId | null
  readonly name: string
  readonly builtIn: boolean
}
