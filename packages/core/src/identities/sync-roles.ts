import type { RoleRow } from '../access/index.ts'
import {
  assignEverywhere,
  currentAssignmentEverywhere,
  excluded,
  findRoles,
  enforceSeparationOfDuty,
  type RoleId,
} from '../access/index.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { IdentityProvider } from '../kernel/settings.ts'
import { DenizenError } from '../kernel/errors.ts'
import type { UserId } from '../users/index.ts'

/**
 * The local roles that a provider's roles are mapped to. Unmapped ones
 * grant nothing; null: the provider sends no roles, and nothing changes.
 */
function mappedRoles(named: readonly string[] | null, { roles }: IdentityProvider): readonly string[] | null {
  if (named === null || roles === null) return null
  const { mapped } = roles
  return [...new Set(named.flatMap((name) => (Object.hasOwn(mapped, name) ? [mapped[name] ?? ''] : [])))]
}

/**
 * Gives the mapped roles that the provider names, and takes back those that it names
 * no more. Built-in roles never come from outside; and what somebody here has
 * granted by hand stays, whatever a provider says. A role that excludes one that the
 * user has is left out and noted: whoever signs in can do nothing about it.
 */
export async function syncRoles(context: CommandContext, provider: IdentityProvider, userId: UserId, named: readonly string[] | null) {
  const { em, now } = context
  const wanted = mappedRoles(named, provider)
  if (wanted === null) return
  const managed = (await findRoles(em, Object.values(provider.roles?.mapped ?? {}))).filter(({ builtIn }) => !builtIn)
  const changes: Record<string, 'granted' | 'revoked' | 'excluded'> = {}
  const isWanted = ({ name }: RoleRow) => wanted.includes(name)
  // Revoked roles first: they may exclude the assigned ones.
  for (const role of managed.filter((role) => !isWanted(role))) {
    const assignment = await currentAssignmentEverywhere(em, userId, role.id)
    if (assignment?.provider !== provider.id) continue
    assignment.revokedAt = now
    changes[role.name] = 'revoked'
  }
  await em.flush()
  for (const role of managed.filter(isWanted)) {
    const outcome = await assignMapped(context, provider, userId, role.id)
    if (outcome !== null) changes[role.name] = outcome
  }
  if (Object.keys(changes).length === 0) return
  context.note({ changes: { roles: changes } })
  if (Object.values(changes).includes('revoked')) context.invalidate(userId, { when: 'now' })
  else context.invalidate(userId, { when: 'soon' })
}

/** Assigns one role; null: the user has it already. */
async function assignMapped(context: CommandContext, { id: provider }: IdentityProvider, userId: UserId, roleId: RoleId) {
  const { em, now, newId } = context
  const current = await currentAssignmentEverywhere(em, userId, roleId)
  if (current !== null && (current.validUntil === null || current.validUntil > now)) return null
  if (await isExcluded(context, userId, roleId)) return 'excluded'
  // Its time was over without anybody's doing; the index knows one current row, and MikroORM would insert before it updates.
  if (current !== null) current.revokedAt = current.validUntil
  await em.flush()
  assignEverywhere(em, { id: newId('asg'), userId, roleId, grantedBy: null, provider, now })
  await em.flush()
  return 'granted'
}

async function isExcluded({ em, now }: CommandContext, userId: UserId, roleId: RoleId): Promise<boolean> {
  try {
    await enforceSeparationOfDuty(em, { userIds: [userId], roleIds: [roleId], organizationId: null, scopeKind: 'system' }, now)
    return false
  } catch (error) {
    if (error instanceof DenizenError && error.code === excluded.code) return true
    throw error
  }
}
