import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidsOf } from '../../kernel/id.ts'
import { RoleRow } from './entity.ts'
import type { RoleId } from '../model.ts'

/** Inserts a custom role of the installation; it has no permissions yet. */
export function insertRole(em: SqlEntityManager, role: { id: RoleId; name: string; description: string | null; now: Date }): RoleRow {
  const row = em.create(RoleRow, {
    id: role.id,
    organizationId: null,
    name: role.name,
    description: role.description,
    builtIn: false,
    version: 1,
    createdAt: role.now,
    updatedAt: role.now,
    deletedAt: null,
  })
  em.persist(row)
  return row
}

/** The roles of the installation with these names, built-in or custom. */
export function findRoles(em: SqlEntityManager, names: readonly string[]): Promise<RoleRow[]> {
  return em.find(RoleRow, { organizationId: null, deletedAt: null, name: { $in: [...names] } })
}

/** Which of these custom roles have any permission, of their own or through an included role. */
export async function rolesThatGrant(em: SqlEntityManager, ids: readonly RoleId[]): Promise<ReadonlySet<RoleId>> {
  const rows = await em.execute<{ id: string }[]>(
    `select r.id::text as id from roles r where r.id = any(?::uuid[]) and exists (
      select 1 from (select r.id as id union all select c.included_id from role_closure c where c.role_id = r.id) i join roles x on x.id = i.id
        where x.built_in or exists (select 1 from role_permissions p where p.role_id = x.id and p.revoked_at is null))`,
    [uuidsOf(ids)],
  )
  return new Set(rows.map(({ id }) => idOf('rol', id)))
}
