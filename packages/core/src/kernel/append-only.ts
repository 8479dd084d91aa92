/** The setting under which a transaction may forget what a row of an append-only table tells of a person. */
export const forgetting = 'denizen.forgetting'

/**
 * The trigger of append-only tables: nobody changes or deletes their rows, not even Denizen. Old partitions are dropped as a whole. One thing
 * is possible, for a person who is purged, and only in a transaction that says so: columns that describe people are emptied. They are
 * never written anew, so a row can tell less than it did, and never anything else.
 * @param forgettable the columns, each with its SQL value when it is empty
 */
export function appendOnly(forgettable: Readonly<Record<string, string>>) {
  const columns = Object.keys(forgettable)
  const list = `'{${columns.join(',')}}'::text[]`
  const emptied = Object.entries(forgettable).map(
    ([column, empty]) => `(new.${column} is not distinct from old.${column} or new.${column} is not distinct from ${empty})`,
  )
  return {
    name: 'append_only',
    timing: 'before' as const,
    events: ['update' as const, 'delete' as const],
    body:
      `if tg_op = 'UPDATE' and current_setting('${forgetting}', true) = 'on' then ` +
      `if to_jsonb(new) - ${list} = to_jsonb(old) - ${list} and ${emptied.join(' and ')} then return new; end if; end if; ` +
      `raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege'; return null;`,
  }
}
