import type { CommandContext } from '../../kernel/context.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import type { ExclusionId, RoleId } from '../model.ts'
import { lockRoleHierarchy } from '../roles/hierarchy-lock.ts'
import { patternsBy, requireActiveTenant, requireHeldPermissions, usableRoles } from '../roles/index.ts'
import { builtInNotExcludable } from './errors.ts'
import type { Exclusion } from './model.ts'
import { existingExclusion } from './repository.ts'

/** Locks a set for an actor who holds all permissions of its roles: only they may change how these are kept apart. */
export async function changedExclusion(context: CommandContext, exclusionId: ExclusionId): Promise<Exclusion> {
  const { em, actor } = context
  await lockRoleHierarchy(em, (await existingExclusion(em, exclusionId)).organizationId, 'change')
  const found = await existingExclusion(em, exclusionId)
  await requireActiveTenant(em, found.organizationId)
  const patterns = await patternsBy(
    em,
    found.roles.map(({ id }) => id),
  )
  requireHeldPermissions(actor, [...patterns.values()].flat(), found.organizationId)
  return found
}

/** Loads roles that the actor may put into a set. Built-in roles have rules of their own. */
export async function excludableRoles(
  { em, actor }: CommandContext,
  roleIds: readonly RoleId[],
  organizationId: OrganizationId | null,
): Promise<readonly RoleId[]> {
  const roles = await usableRoles(em, actor, { roleIds, organizationId })
  const builtIn = roles.find((role) => role.builtIn)
  if (builtIn !== undefined) throw builtInNotExcludable({ role: builtIn.name })
  return roles.map(({ id }) => id)
}
