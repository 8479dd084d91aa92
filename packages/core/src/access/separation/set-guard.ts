import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, uuidsOf } from '../../kernel/id.ts'
import type { ExclusionId, RoleId } from '../model.ts'
import { exclusionViolated, heldOnResources } from './errors.ts'
import { violationsOf } from './violations.ts'

/** So many of those who have too many are named. */
const mostNamed = 5
/** Further they are not counted. */
const mostCounted = 10_000

/** Refuses a change after which some have too many of one of these static sets; it has been written already. */
export async function requireSatisfied(em: SqlEntityManager, sets: readonly ExclusionId[], now: Date): Promise<void> {
  const violations = await violationsOf(em, { sets, now, limit: mostCounted })
  const [first] = violations
  if (first === undefined) return
  const { exclusionId, name, cardinality } = first
  const those = violations.filter((violation) => violation.exclusionId === exclusionId)
  const named = those.slice(0, mostNamed).map(({ userId, roles }) => ({ userId, roles }))
  throw exclusionViolated({ exclusion: { id: exclusionId, name }, cardinality, users: those.length, first: named })
}

/** Refuses a change after which a role of one of these dynamic sets is held on resources: sessions do not know what is held there. */
export async function requireNotOnResources(em: SqlEntityManager, sets: readonly ExclusionId[], now: Date): Promise<void> {
  if (sets.length === 0) return
  const [found] = await em.execute<{ id: string; name: string; roles: string; count: number }[]>(
    `select e.id::text as id, e.name, json_agg(distinct r.name)::text as roles, count(distinct a.id)::int as count
      from role_exclusions e join role_exclusion_members m on m.exclusion_id = e.id
        join (select id as by, id as role from roles where id in (select role_id from role_exclusion_members where exclusion_id = any(?::uuid[]))
          union select role_id, included_id from role_closure) b on b.role = m.role_id
        join role_assignments a on a.role_id = b.by and a.scope_kind = 'resource' and a.revoked_at is null and (a.valid_until is null or a.valid_until > ?)
        join roles r on r.id = m.role_id
      where e.id = any(?::uuid[]) and e.kind = 'dynamic' and (e.organization_id is null or e.organization_id = a.organization_id)
      group by e.id order by e.name, e.id limit 1`,
    [uuidsOf(sets), now, uuidsOf(sets)],
  )
  if (found === undefined) return
  throw heldOnResources({
    exclusion: { id: found.id, name: found.name },
    roles: JSON.parse(found.roles) as string[],
    assignments: found.count,
  })
}

/** A set that needs a role, for too few would be left without it. */
interface SetName {
  readonly id: ExclusionId
  readonly name: string
}

/** The sets that a role cannot leave: as many of its roles as are too many together have to be in a set. */
export async function setsNeeding(em: SqlEntityManager, roleId: RoleId): Promise<readonly SetName[]> {
  const rows = await em.execute<{ id: string; name: string }[]>(
    `select e.id::text as id, e.name from role_exclusions e join role_exclusion_members m on m.exclusion_id = e.id and m.role_id = ?
      where (select count(*) from role_exclusion_members x where x.exclusion_id = e.id) <= e.cardinality order by e.name, e.id`,
    [uuidOf(roleId)],
  )
  return rows.map(({ id, name }) => ({ id: idOf('exc', id), name }))
}

/** Takes a role that is deleted out of the sets that it is in, and says out of how many. */
export async function removeFromSets(em: SqlEntityManager, roleId: RoleId): Promise<number> {
  const rows = await em.execute<unknown[]>('delete from role_exclusion_members where role_id = ? returning 1', [uuidOf(roleId)])
  return rows.length
}
