/** The trigger of a table that is history: nobody rewrites its rows, not even us. Old partitions are dropped whole. */
export const appendOnly = {
  name: 'append_only',
  timing: 'before' as const,
  events: ['update' as const, 'delete' as const],
  body: `raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege'; return null;`,
}
