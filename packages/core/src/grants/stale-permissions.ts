import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, type Id } from '../kernel/id.ts'
import type { Catalogue } from '../kernel/signature.ts'
import { groupsOf, matchesNoAction } from './permissions.ts'

/** A permission that grants nothing, and the role that has it; null: it was assigned by itself. */
interface StalePermission {
  readonly permission: string
  readonly role: { readonly id: Id<'rol'>; readonly name: string } | null
}

/**
 * Permissions in groups of Denizen's own actions that match none of them: an action of that name was renamed or removed since. Of
 * permissions of applications only these know which there are.
 */
export async function findStalePermissions(em: SqlEntityManager, catalogue: Catalogue): Promise<readonly StalePermission[]> {
  const groups = `{${[...groupsOf(catalogue)].join(',')}}`
  const rows = await em.execute<{ permission: string; role: string | null; name: string | null }[]>(
    `select p.permission, r.id::text as role, r.name from role_permissions p join roles r on r.id = p.role_id and r.deleted_at is null
        where p.revoked_at is null and split_part(p.permission, '.', 1) = any(?::text[])
      union select a.permission, null, null from role_assignments a
        where a.permission is not null and a.revoked_at is null and split_part(a.permission, '.', 1) = any(?::text[])
      order by 1, 3`,
    [groups, groups],
  )
  return rows
    .filter(({ permission }) => matchesNoAction(catalogue, permission))
    .map(({ permission, role, name }) => ({ permission, role: role === null ? null : { id: idOf('rol', role), name: name ?? '' } }))
}
