import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../../kernel/action.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOf, idOrNull, uuidOf, uuidsOf } from '../../kernel/id.ts'
import type { Target } from '../../kernel/rule.ts'
import type { ExclusionId, RoleId } from '../model.ts'
import type { Exclusion } from './model.ts'

/** Finds a set. Those of an archived organization are not found. */
export const exclusionTarget = {
  type: 'exclusion',
  async find(em: SqlEntityManager, { exclusionId }: { exclusionId: ExclusionId }): Promise<Target | null> {
    const [row] = await em.execute<{ organization: string | null }[]>(
      `select e.organization_id::text as organization from role_exclusions e left join organizations o on o.id = e.organization_id
        where e.id = ? and o.status is distinct from 'archived'`,
      [uuidOf(exclusionId)],
    )
    if (row === undefined) return null
    const organizationId = idOrNull('org', row.organization)
    return { type: 'exclusion', id: exclusionId, organizationId, userId: null, visibleWith: 'access.listExclusions' }
  },
} satisfies TargetFinder<{ exclusionId: ExclusionId }>

interface ExclusionRecord {
  readonly id: string
  readonly organization: string | null
  readonly name: string
  readonly kind: Exclusion['kind']
  readonly cardinality: number
  readonly roles: string | null
  readonly version: number
  readonly created_at: number
  readonly updated_at: number
}

const shown = `e.id::text as id, e.organization_id::text as organization, e.name, e.kind, e.cardinality, e.version,
  (select json_agg(json_build_object('id', r.id, 'name', r.name) order by r.name, r.id)::text
    from role_exclusion_members m join roles r on r.id = m.role_id where m.exclusion_id = e.id) as roles,
  (extract(epoch from e.created_at) * 1000)::float8 as created_at, (extract(epoch from e.updated_at) * 1000)::float8 as updated_at`

/** Selects sets as output, in the order of the SQL. */
export async function selectExclusions(em: SqlEntityManager, rest: string, parameters: readonly unknown[]): Promise<Exclusion[]> {
  const rows = await em.execute<ExclusionRecord[]>(`select ${shown} from role_exclusions e ${rest}`, [...parameters])
  return rows.map(exclusionOf)
}

function exclusionOf({ id, organization, roles, created_at: createdAt, updated_at: updatedAt, ...rest }: ExclusionRecord): Exclusion {
  const members = JSON.parse(roles ?? '[]') as { id: string; name: string }[]
  return {
    ...rest,
    id: idOf('exc', id),
    organizationId: idOrNull('org', organization),
    roles: members.map((role) => ({ id: idOf('rol', role.id), name: role.name })),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  }
}

/** A set as output. */
export async function existingExclusion(em: SqlEntityManager, exclusionId: ExclusionId): Promise<Exclusion> {
  const [found] = await selectExclusions(em, 'where e.id = ?', [uuidOf(exclusionId)])
  if (found === undefined) throw notFound({ type: exclusionTarget.type })
  return found
}

/** Adds roles that are not in the set. */
export async function addMembers(em: SqlEntityManager, exclusionId: ExclusionId, roleIds: readonly RoleId[]): Promise<void> {
  if (roleIds.length === 0) return
  await em.execute(
    `insert into role_exclusion_members (exclusion_id, exclusion_home, role_id, role_home)
      select e.id, e.home, r.id, r.home from role_exclusions e, roles r where e.id = ? and r.id = any(?::uuid[])`,
    [uuidOf(exclusionId), uuidsOf(roleIds)],
    'run',
  )
}

/** Removes roles from the set. */
export async function removeMembers(em: SqlEntityManager, exclusionId: ExclusionId, roleIds: readonly RoleId[]): Promise<void> {
  if (roleIds.length === 0) return
  await em.execute(
    'delete from role_exclusion_members where exclusion_id = ? and role_id = any(?::uuid[])',
    [uuidOf(exclusionId), uuidsOf(roleIds)],
    'run',
  )
}
