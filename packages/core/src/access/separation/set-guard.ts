import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../../kernel/context.ts'
import { idOf, uuidOf, uuidsOf } from '../../kernel/id.ts'
import type { ExclusionId, RoleId } from '../model.ts'
import { exclusionTooLarge, exclusionTooSmall, exclusionViolated, heldOnResources } from './errors.ts'
import type { Exclusion } from './model.ts'
import { mostRoles } from './signatures.ts'
import { violationsOf } from './violations.ts'

/** Violations that are named in the error. */
const mostNamed = 5
/** Violations that are counted at most. */
const mostCounted = 10_000

/** Throws if the set makes no sense or is violated already, and invalidates the sessions it concerns. */
export async function enforceSet(
  { em, now, invalidate }: CommandContext,
  { id, kind, roles, cardinality }: Exclusion,
  { stricter, concerned }: { readonly stricter: boolean; readonly concerned: readonly RoleId[] },
): Promise<void> {
  if (roles.length < cardinality) throw exclusionTooSmall({ roles: roles.length, cardinality })
  if (roles.length > mostRoles) throw exclusionTooLarge({ limit: mostRoles })
  if (kind === 'static') return requireSatisfied(em, [id], now)
  await requireNotOnResources(em, [id], now)
  // A stricter set takes roles away from sessions that use too many of them.
  for (const changed of concerned)
    if (stricter) invalidate(changed, { when: 'now' })
    else invalidate(changed, { when: 'soon' })
}

/** Throws if users have too many roles of one of these static sets. Call it after writing the change. */
export async function requireSatisfied(em: SqlEntityManager, sets: readonly ExclusionId[], now: Date): Promise<void> {
  const violations = await violationsOf(em, { sets, now, limit: mostCounted })
  const [first] = violations
  if (first === undefined) return
  const { exclusionId, name, cardinality } = first
  const those = violations.filter((violation) => violation.exclusionId === exclusionId)
  const named = those.slice(0, mostNamed).map(({ userId, roles }) => ({ userId, roles }))
  throw exclusionViolated({ exclusion: { id: exclusionId, name }, cardinality, users: those.length, first: named })
}

/** Throws if roles of one of these dynamic sets are assigned on resources: sessions do not load such assignments. */
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

/** A set in errors. */
interface SetName {
  readonly id: ExclusionId
  readonly name: string
}

/** The sets that would have fewer roles than their cardinality without this one. */
export async function setsNeeding(em: SqlEntityManager, roleId: RoleId): Promise<readonly SetName[]> {
  const rows = await em.execute<{ id: string; name: string }[]>(
    `select e.id::text as id, e.name from role_exclusions e join role_exclusion_members m on m.exclusion_id = e.id and m.role_id = ?
      where (select count(*) from role_exclusion_members x where x.exclusion_id = e.id) <= e.cardinality order by e.name, e.id`,
    [uuidOf(roleId)],
  )
  return rows.map(({ id, name }) => ({ id: idOf('exc', id), name }))
}

/** Removes a deleted role from its sets and returns how many. */
export async function removeFromSets(em: SqlEntityManager, roleId: RoleId): Promise<number> {
  const rows = await em.execute<unknown[]>('delete from role_exclusion_members where role_id = ? returning 1', [uuidOf(roleId)])
  return rows.length
}
