/** The trigger of append-only tables: nobody changes their rows, not even Denizen. Old partitions are dropped as a whole. */
export const appendOnly = {
  name: 'append_only',
  timing: 'before' as const,
  events: ['update' as const, 'delete' as const],
  body: `raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege'; return null;`,
}
