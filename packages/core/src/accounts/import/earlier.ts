import type { SqlEntityManager } from '@mikro-orm/sql'
import { assign, type RoleId } from '../../access/index.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { idOf, uuidsOf, type Id } from '../../kernel/id.ts'

/** A user whom an earlier import of the same record made. */
export interface EarlierUser {
  readonly id: Id<'usr'>
  readonly username: string
  readonly isArchived: boolean
}

/** The users of earlier imports, by where they are from. */
export async function findEarlier(em: SqlEntityManager, origins: readonly string[]): Promise<ReadonlyMap<string, Id<'usr'>>> {
  const rows = await em.execute<{ id: string; origin: string }[]>(
    `select id::text as id, imported_from as origin from users where imported_from in (select jsonb_array_elements_text(?::jsonb)) order by id desc`,
    [JSON.stringify(origins)],
  )
  return new Map(rows.map(({ id, origin }) => [origin, idOf('usr', id)]))
}

/** The realms whose users were imported, as they stand in the origins of these. One look at the index for each. */
export async function importedRealms(em: SqlEntityManager): Promise<readonly string[]> {
  const rows = await em.execute<{ realm: string }[]>(
    `with recursive found (realm) as (
        (select split_part(imported_from, ':', 2) from users
          where imported_from >= 'keycloak:' and imported_from < 'keycloak;' order by imported_from limit 1)
        union all select (select split_part(imported_from, ':', 2) from users
          where imported_from >= 'keycloak:' || found.realm || ';' and imported_from < 'keycloak;' order by imported_from limit 1)
          from found where found.realm is not null)
      select realm from found where realm is not null`,
  )
  return rows.map(({ realm }) => realm)
}

/** How they are now; their rows are locked. */
export async function readEarlier(em: SqlEntityManager, ids: readonly Id<'usr'>[]): Promise<ReadonlyMap<Id<'usr'>, EarlierUser>> {
  const rows = await em.execute<{ id: string; username: string; status: string }[]>(
    `select id::text as id, username, status from users where id = any(?::uuid[])`,
    [uuidsOf(ids)],
  )
  return new Map(
    rows.map(({ id, username, status }) => {
      const user = { id: idOf('usr', id), username, isArchived: status === 'archived' }
      return [user.id, user] as const
    }),
  )
}

/** The roles that each user has, or once had everywhere: what somebody revoked since stays revoked. */
export async function rolesEverHad(em: SqlEntityManager, ids: readonly Id<'usr'>[]): Promise<ReadonlyMap<Id<'usr'>, ReadonlySet<RoleId>>> {
  const rows = await em.execute<{ user: string; role: string }[]>(
    `select distinct user_id::text as user, role_id::text as role from role_assignments
      where user_id = any(?::uuid[]) and role_id is not null and scope_kind = 'system'`,
    [uuidsOf(ids)],
  )
  const had = new Map<Id<'usr'>, Set<RoleId>>()
  for (const { user, role } of rows) {
    const userId = idOf('usr', user)
    had.set(userId, (had.get(userId) ?? new Set()).add(idOf('rol', role)))
  }
  return had
}

/** Assigns what the earlier import left out. Returns whether there was anything. */
export async function complete(
  context: CommandContext,
  { id: userId, isArchived }: EarlierUser,
  missing: readonly RoleId[],
): Promise<boolean> {
  if (isArchived || missing.length === 0) return false
  // The import has one audit entry of its own.
  const quiet: CommandContext = { ...context, note: () => undefined }
  for (const roleId of missing) await assign(quiet, { subject: { userId }, what: { roleId }, scope: {} })
  return true
}
