import type { SqlEntityManager } from '@mikro-orm/sql'

/** Display names by UUID. */
export type Names = ReadonlyMap<string, string>

/** The names of users, teams, organizations, resources and roles among these UUIDs. */
export async function loadNames(em: SqlEntityManager, uuids: readonly string[]): Promise<Names> {
  const rows = await em.execute<{ id: string; name: string }[]>(
    `with wanted as (select ?::uuid[] as ids)
    select u.id::text as id, u.username as name from users u, wanted where u.id = any(wanted.ids)
    union all select t.id::text, t.name from teams t, wanted where t.id = any(wanted.ids)
    union all select o.id::text, o.slug from organizations o, wanted where o.id = any(wanted.ids)
    union all select r.id::text, r.type || ' ' || coalesce(r.name, r.key, 'without a name') from resources r, wanted where r.id = any(wanted.ids)
    union all select r.id::text, r.name from roles r, wanted where r.id = any(wanted.ids)`,
    [`{${[...new Set(uuids)].join(',')}}`],
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}
