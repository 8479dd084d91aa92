import type { World } from './world.ts'

/** A column of a table of ours. */
export interface DatabaseColumn {
  readonly table: string
  readonly name: string
  readonly type: string
  /** It looks as if a user's id or something about a person could stand in it. */
  readonly mayBePersonal: boolean
}

/** Names of columns in which people stand, or what names, describes or locates them. */
const telling =
  /(^|_)(user|owner|actor|subject|impersonator|person|member|author|identifier|recipient)(_id)?$|_by$|mail|(^|_)(user_?name|full_name|display_name|nick_?name|phone|avatar_url|birth\w*|address|ip|ips|user_agent|device|browser)$/

/** Every column of every table of the migrated database; partitions are their parent's. */
export async function databaseColumns(rows: World['rows']): Promise<readonly DatabaseColumn[]> {
  const found = await rows<{ table: string; name: string; type: string; refers: boolean }>(`
    select c.relname::text as "table", a.attname::text as name, format_type(a.atttypid, null) as type,
        exists (select from pg_constraint k where k.contype = 'f' and k.conrelid = c.oid and a.attnum = any(k.conkey)
          and k.confrelid = 'users'::regclass) as refers
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1, a.attnum`)
  return found.map(({ table, name, type, refers }) => {
    const canName = type !== 'boolean' && !type.startsWith('timestamp')
    const mayBePersonal = refers || (canName && telling.test(name)) || ['json', 'jsonb', 'inet', 'cidr'].includes(type)
    return { table, name, type, mayBePersonal }
  })
}
