/**
 * What core's statements rely on in every connection. The defaults of a server, a database or a role may be others, so each
 * connection sets these before anything else.
 */
export const sessionSettings: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  array_nulls: 'on',
  // Each transaction names its isolation (kernel/isolation.ts); this is for statements outside of one.
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  plan_cache_mode: 'auto',
  row_security: 'on',
}

/**
 * One statement that applies settings to a connection.
 * @param local true: until the end of the transaction.
 */
export function applySettings(settings: Readonly<Record<string, string>>, { local = false } = {}): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
  const calls = Object.entries(settings).map(([name, value]) => `set_config(${quoted(name)}, ${quoted(value)}, ${local})`)
  return `select ${calls.join(', ')}`
}
