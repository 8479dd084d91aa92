import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf } from '../kernel/id.ts'
import { exclusiveLockNames, takeLock } from '../kernel/locks.ts'
import { limitsOfOrganization, limitsOfUserId } from '../policies/index.ts'
import { tooManyResources } from './errors.ts'
import type { OrganizationId } from '../organizations/index.ts'
import type { UserId } from '../users/index.ts'
import { mostOfType } from './rules.ts'

/** The owner of resources: a user, or an organization. */
export type Owner = { readonly userId: UserId } | { readonly organizationId: OrganizationId }

/**
 * Throws `resources.tooMany` if an owner would exceed a limit of their policy. Where there is a limit, calls for one owner are serialized
 * by an advisory lock, not by the owner's row: every command holds a shared lock on its caller's row, so two calls would deadlock when
 * both wanted it exclusively.
 */
export async function reserveQuota(em: SqlEntityManager, owner: Owner, wanted: ReadonlyMap<string, number>): Promise<void> {
  const limits = 'userId' in owner ? await limitsOfUserId(em, owner.userId) : await limitsOfOrganization(em, owner.organizationId)
  const limited = [...wanted].flatMap(([type, more]) => {
    const limit = mostOfType(limits, type)
    return limit === null ? [] : [{ type, more, limit }]
  })
  if (limited.length === 0) return
  const id = 'userId' in owner ? owner.userId : owner.organizationId
  await takeLock(em, exclusiveLockNames.resourcesOf(id))
  const owned = await countOwned(
    em,
    owner,
    limited.map(({ type }) => type),
  )
  for (const { type, more, limit } of limited) if ((owned.get(type) ?? 0) + more > limit) throw tooManyResources({ type, limit })
}

async function countOwned(em: SqlEntityManager, owner: Owner, types: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const [theirs, id] =
    'userId' in owner ? ['owner_user_id = ?', owner.userId] : ['organization_id = ? and owner_user_id is null', owner.organizationId]
  const rows = await em.execute<{ type: string; count: number }[]>(
    `select type, count(*)::int as count from resources
      where ${theirs} and deleted_at is null and type in (select json_array_elements_text(?::json)) group by type`,
    [uuidOf(id), JSON.stringify(types)],
  )
  return new Map(rows.map(({ type, count }) => [type, count]))
}
