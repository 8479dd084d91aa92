import { assignRole, currentAssignment, findRoles } from '../access/index.ts'
import type { CommandContext, IdentityProvider } from '../kernel/context.ts'
import type { UserId } from '../users/index.ts'

/**
 * The names of ours that a provider's roles stand for. What an operator did not map
 * grants nothing; null: the provider says nothing of roles, and nothing changes.
 */
function mappedRoles(named: readonly string[] | null, { roles }: IdentityProvider): readonly string[] | null {
  if (named === null || roles === null) return null
  const { mapped } = roles
  return [...new Set(named.flatMap((name) => (Object.hasOwn(mapped, name) ? [mapped[name] ?? ''] : [])))]
}

/**
 * Gives the mapped roles that the provider names, and takes back those that it names
 * no more. Built-in roles never come from outside; and what somebody here has
 * granted by hand stays, whatever a provider says.
 */
export async function syncRoles(context: CommandContext, provider: IdentityProvider, userId: UserId, named: readonly string[] | null) {
  const { em, now, newId } = context
  const wanted = mappedRoles(named, provider)
  if (wanted === null) return
  const managed = (await findRoles(em, Object.values(provider.roles?.mapped ?? {}))).filter(({ builtIn }) => !builtIn)
  const changes: Record<string, 'granted' | 'revoked'> = {}
  for (const role of managed) {
    const assignment = await currentAssignment(em, userId, role.id)
    const isWanted = wanted.includes(role.name)
    if (isWanted && assignment === null) {
      assignRole(em, { id: newId('asg'), userId, roleId: role.id, grantedBy: null, now })
      changes[role.name] = 'granted'
    }
    if (!isWanted && assignment !== null && assignment.grantedBy === null) {
      assignment.revokedAt = now
      changes[role.name] = 'revoked'
    }
  }
  if (Object.keys(changes).length === 0) return
  context.note({ changes: { roles: changes } })
  if (Object.values(changes).includes('revoked')) context.revoke({ userId })
  else context.refresh(userId)
  await em.flush()
}
