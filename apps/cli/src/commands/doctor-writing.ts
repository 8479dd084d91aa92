/** What PostgreSQL says of a database's being written: `setting` is its `default_transaction_read_only`. */
export interface WriteState {
  readonly standby: boolean
  readonly setting: string
  /** Where PostgreSQL has the setting from (`pg_settings`). */
  readonly source: string
  /** Quoted, as in statements. */
  readonly database: string
  readonly role: string
}

/** Why nothing can be written, and what to do; null: it can. */
export function whyReadOnly({
  standby,
  setting,
  source,
  database,
  role,
}: WriteState): { readonly found: string; readonly next: string } | null {
  if (standby) return { found: 'this is a standby, which only reads', next: 'Name the primary in DATABASE_URL.' }
  if (setting === 'off') return null
  return {
    found: `the database only reads: default_transaction_read_only is on (${source})`,
    next: `${writableBy(source, { database, role })} Servers that run open new connections then.`,
  }
}

/** What makes a database writable that is read-only by default. */
function writableBy(source: string, { database, role }: Pick<WriteState, 'database' | 'role'>): string {
  const reset = 'reset default_transaction_read_only'
  if (source === 'database') return `When it may take changes again: alter database ${database} ${reset};`
  if (source === 'user') return `When it may take changes again: alter role ${role} ${reset};`
  if (source === 'database user') return `When it may take changes again: alter role ${role} in database ${database} ${reset};`
  return 'When it may take changes again: alter system reset default_transaction_read_only; select pg_reload_conf();'
}
