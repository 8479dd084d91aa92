import type { SqlEntityManager } from '@mikro-orm/sql'
import type { RoleId } from '../model.ts'
import { idOf, uuidOf, uuidsOf } from '../../kernel/id.ts'
import type { Inclusions } from './hierarchy.ts'

/** The inclusions above and below some roles: all that matter for a cycle or the depth of the hierarchy. */
export async function inclusionsAround(em: SqlEntityManager, roleIds: readonly RoleId[]): Promise<Inclusions> {
  const ids = uuidsOf(roleIds)
  const rows = await em.execute<{ role: string; included: string[] }[]>(
    `select n.role_id::text as role, json_agg(n.included_id) as included from role_inclusions n where n.removed_at is null and n.role_id in (
        select unnest(?::uuid[]) union select included_id from role_closure where role_id = any(?::uuid[])
        union select role_id from role_closure where included_id = any(?::uuid[])) group by n.role_id`,
    [ids, ids, ids],
  )
  return new Map(rows.map(({ role, included }) => [idOf('rol', role), included.map((id) => idOf('rol', id))]))
}

/** The role, and all roles that include it, directly or through others. */
export async function rolesIncluding(em: SqlEntityManager, roleId: RoleId): Promise<readonly RoleId[]> {
  const rows = await em.execute<{ id: string }[]>('select role_id::text as id from role_closure where included_id = ?', [uuidOf(roleId)])
  return [roleId, ...rows.map(({ id }) => idOf('rol', id))]
}

const reached = `with recursive reached(role, included) as (
  select role_id, included_id from role_inclusions where removed_at is null and role_id = any(?::uuid[])
  union select r.role, n.included_id from reached r join role_inclusions n on n.role_id = r.included and n.removed_at is null)`

/** Recomputes the closure of some roles. Call it under `lockRoleHierarchy`. */
export async function refreshClosure(em: SqlEntityManager, roleIds: readonly RoleId[]): Promise<void> {
  const ids = uuidsOf(roleIds)
  await em.execute(
    `${reached} delete from role_closure c where c.role_id = any(?::uuid[])
      and not exists (select 1 from reached r where r.role = c.role_id and r.included = c.included_id)`,
    [ids, ids],
    'run',
  )
  await em.execute(
    `${reached} insert into role_closure (role_id, included_id) select role, included from reached on conflict do nothing`,
    [ids],
    'run',
  )
}

/** The largest number of roles that one of these includes, directly or through others. */
export async function largestClosure(em: SqlEntityManager, roleIds: readonly RoleId[]): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(
    `select coalesce(max(n), 0)::int as count from (select count(*) as n from role_closure where role_id = any(?::uuid[]) group by role_id) x`,
    [uuidsOf(roleIds)],
  )
  return row?.count ?? 0
}
