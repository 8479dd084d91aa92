import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf } from '../../kernel/id.ts'
import { includedIn, loadRoles, type GraphRole } from '../facts/roles.ts'
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

/** Which of these custom roles have any permission, of their own or through an included role. Built-in roles always count. */
export async function rolesThatGrant(em: SqlEntityManager, ids: readonly RoleId[]): Promise<ReadonlySet<RoleId>> {
  const graph = await loadRoles(em, { ids: ids.map(uuidOf) })
  const grants = ({ builtIn, permissions }: GraphRole) => builtIn || permissions.length > 0
  return new Set(ids.filter((id) => includedIn(graph, uuidOf(id)).some(grants)))
}
