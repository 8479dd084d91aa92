import type { SystemDatabase } from '../database.ts'

/** What tables hold, watched by their own triggers. */
export interface Changes {
  /** The tables that hold something else than when it was last asked, by name. */
  take(): Promise<readonly string[]>
}

/** What is written about calls themselves. */
const aboutCalls = ['audit_entries', 'login_attempts', 'user_activity', 'permission_uses']

/** When somebody was seen is written a while later. */
const seen = `'{last_seen_at,last_used_at}'::text[]`

/** What a server does by the clock (`job_runs`), whoever calls meanwhile. */
const byTheClock = (row: string) => `to_jsonb(${row}) ->> 'scheduled_for' is not null`

/**
 * Has every table of the database write down, in a schema that no plan counts, when a statement changed rows of it. What is rolled back
 * is not written down either. A statement that goes through a partitioned table fires its triggers only, one that names a partition
 * only the partition's: so both have them, under the name of the whole.
 */
export async function watchChanges({ rows }: Pick<SystemDatabase, 'rows'>): Promise<Changes> {
  await rows(`create schema watching`)
  await rows(`create unlogged table watching.changes ("table" text not null)`)
  await rows(noteChange)
  const tables = await rows<{ name: string; whole: string }>(
    `select relname as name, coalesce(pg_partition_root(oid)::regclass, oid::regclass)::text as whole from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
  )
  for (const { name, whole } of tables.filter((table) => !aboutCalls.includes(table.whole)))
    for (const [event, transition] of Object.entries(events))
      await rows(
        `create trigger watch_${event} after ${event} on "${name}" ${transition} for each statement execute function watching.note('${whole}')`,
      )
  return {
    async take() {
      const taken = await rows<{ table: string }>('delete from watching.changes returning "table"')
      return [...new Set(taken.map(({ table }) => table))].toSorted()
    },
  }
}

const events = {
  insert: 'referencing new table as after_it',
  update: 'referencing old table as before_it new table as after_it',
  delete: 'referencing old table as before_it',
  truncate: '',
}

/** A statement that touched no row, or wrote what was there, changed nothing. */
const noteChange = `create function watching.note() returns trigger language plpgsql as $$
  declare changed boolean := true;
  begin
    if tg_op = 'INSERT' then changed := exists (select from after_it a where not ${byTheClock('a')});
    elsif tg_op = 'DELETE' then changed := exists (select from before_it b where not ${byTheClock('b')});
    elsif tg_op = 'UPDATE' then
      changed := exists (select to_jsonb(a) - ${seen} from after_it a where not ${byTheClock('a')} except all select to_jsonb(b) - ${seen} from before_it b);
    end if;
    if changed then insert into watching.changes values (tg_argv[0]); end if;
    return null;
  end $$`
