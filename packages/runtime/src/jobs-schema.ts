/** The schema of pg-boss's own tables. Installations that share a database must not share their jobs. */
export function jobsSchema(schema: string): string {
  return schema === 'public' ? 'pgboss' : `${schema}_jobs`
}
