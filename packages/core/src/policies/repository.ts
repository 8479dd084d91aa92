import type { SqlEntityManager } from '@mikro-orm/sql'
import { notFound } from '../kernel/errors.ts'
import { uuidOf, uuidOrNull } from '../kernel/id.ts'
import { exclusiveLockNames, takeLock } from '../kernel/locks.ts'
import { PolicyRow } from './entity.ts'
import type { Limits, Policy, PolicyId } from './model.ts'

/** The type in errors and audit entries. */
export const policyType = 'policy'

export async function existingPolicy(em: SqlEntityManager, id: PolicyId): Promise<PolicyRow> {
  const found = await em.findOne(PolicyRow, { id }, { refresh: true })
  if (found === null) throw notFound({ type: policyType })
  return found
}

/** Locks a policy, so that nobody else changes, deletes or assigns it until the transaction ends. */
export async function lockedPolicy(em: SqlEntityManager, id: PolicyId): Promise<PolicyRow> {
  await em.execute('select 1 from resource_policies where id = ? for update', [uuidOf(id)])
  return existingPolicy(em, id)
}

interface AssignedCounts {
  readonly users: number
  readonly organizations: number
}

/** Counts the users and organizations with a policy. */
export async function countAssigned(em: SqlEntityManager, { name }: Pick<PolicyRow, 'name'>): Promise<AssignedCounts> {
  const [row] = await em.execute<[AssignedCounts]>(
    `select (select count(*)::int from users where resource_policy = ?) as users,
        (select count(*)::int from organizations where resource_policy = ?) as organizations`,
    [name, name],
  )
  return row
}

/** Replaces a policy by another one, or none, for everybody who has it. */
export async function replacePolicy(em: SqlEntityManager, from: string, to: string | null, now: Date): Promise<AssignedCounts> {
  const replaced = async (table: 'users' | 'organizations'): Promise<number> => {
    const [row] = await em.execute<[{ count: number }]>(
      `with changed as (
          update ${table} set resource_policy = ?, updated_at = ?, version = version + 1 where resource_policy = ? returning 1)
        select count(*)::int as count from changed`,
      [to, now, from],
    )
    return row.count
  }
  return { users: await replaced('users'), organizations: await replaced('organizations') }
}

/** Makes a policy the default instead of the present one; null: there will be none. Returns whether that changed anything. */
export async function makeDefault(em: SqlEntityManager, id: PolicyId | null, now: Date): Promise<boolean> {
  await takeLock(em, exclusiveLockNames.defaultPolicy)
  const changed = await em.execute<unknown[]>(
    `update resource_policies set is_default = false, updated_at = ?, version = version + 1 where is_default and id is distinct from ?::uuid returning 1`,
    [now, uuidOrNull(id)],
  )
  if (id === null) return changed.length > 0
  const made = await em.execute<unknown[]>(
    'update resource_policies set is_default = true, updated_at = ?, version = version + 1 where id = ? and not is_default returning 1',
    [now, uuidOf(id)],
  )
  return changed.length + made.length > 0
}

export function shownPolicy({ id, name, description, limits, isDefault, version, createdAt, updatedAt }: PolicyRow): Policy {
  return { id, name, description, limits: limits as Limits, isDefault, version, createdAt, updatedAt }
}
