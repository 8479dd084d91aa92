import { defineError, type Orm } from '@denizen/core'
import { quoteIdentifier } from './client-config.ts'
import { jobsSchema } from './jobs-schema.ts'

export const databaseForeign = defineError<{ schema: string; names: readonly string[] }>(
  'database.foreign',
  'conflict',
  ({ schema, names }) =>
    `The database already has things of these names that are not Denizen's: ${names.join(', ')} (schema ${schema}). ` +
    'Use a database of its own, or set DENIZEN_DATABASE_SCHEMA to a schema of its own, such as denizen.',
)
export const databaseGrantMissing = defineError<{ role: string; statements: readonly string[] }>(
  'database.grantMissing',
  'invalid',
  ({ role, statements }) =>
    `The role ${role} may not do what Denizen needs. An administrator has to run, in this database:\n${statements.map((one) => `  ${one};`).join('\n')}`,
)
export const extensionMissing = defineError(
  'database.extensionMissing',
  'invalid',
  'The server does not have the extension pg_trgm, which searches need. It comes with PostgreSQL: install the package with its contrib modules.',
)

export const databaseDenied = defineError<{ reason: string }>(
  'database.denied',
  'invalid',
  ({ reason }) =>
    `PostgreSQL denies what Denizen needs: ${reason}. Grant it to the role of DATABASE_URL, or connect as the owner of the tables.`,
)

/** The error for what a start met in the database: what an administrator has to grant is said. */
export function startError(error: unknown): unknown {
  const isDenied = error instanceof Error && 'code' in error && error.code === '42501'
  return isDenied ? databaseDenied({ reason: error.message }, error) : error
}

interface Standing {
  readonly role: string
  readonly may_create_schemas: boolean
  /** null: the schema is not there. */
  readonly may_create_tables: boolean | null
  readonly may_create_jobs: boolean | null
  /** null: the extension is not there. */
  readonly may_use_trigrams: boolean | null
  readonly trigram_schema: string | null
  readonly is_extension_available: boolean
  /** Whether the table of migrations is there. */
  readonly was_here: boolean
  readonly taken_names: readonly string[]
  /** Whether all tables that are there may be read and written. */
  readonly may_use_tables: boolean
}

/** Looks at what migrations and jobs are going to need, and says what to grant. Throws `database.foreign`, `database.grantMissing`, `database.extensionMissing`. */
export async function checkRequirements(orm: Orm, schema: string, { migrating }: { readonly migrating: boolean }): Promise<void> {
  const standing = await standingIn(orm, schema)
  const { role, was_here: wasHere, taken_names: names } = standing
  if (migrating && !wasHere && names.length > 0) throw databaseForeign({ schema, names })
  if (standing.trigram_schema === null && !standing.is_extension_available) throw extensionMissing({})
  const statements = missingGrants(standing, schema, migrating)
  if (statements.length > 0) throw databaseGrantMissing({ role, statements })
}

function missingGrants(standing: Standing, schema: string, migrating: boolean): string[] {
  const role = quoteIdentifier(standing.role)
  const owned = (name: string) => `create schema ${quoteIdentifier(name)} authorization ${role}`
  const usable = (name: string) => `grant usage, create on schema ${quoteIdentifier(name)} to ${role}`
  const statements: string[] = []
  if (migrating && standing.may_create_tables === null && !standing.may_create_schemas) statements.push(owned(schema))
  if (migrating && standing.may_create_tables === false) statements.push(usable(schema))
  if (!migrating && !standing.may_use_tables)
    statements.push(`grant select, insert, update, delete on all tables in schema ${quoteIdentifier(schema)} to ${role}`)
  if (standing.may_create_jobs === null && !standing.may_create_schemas) statements.push(owned(jobsSchema(schema)))
  if (standing.may_create_jobs === false) statements.push(usable(jobsSchema(schema)))
  if (migrating && standing.trigram_schema === null && !standing.may_create_schemas)
    statements.push(`create extension pg_trgm with schema ${quoteIdentifier(schema)}`)
  if (standing.may_use_trigrams === false)
    statements.push(`grant usage on schema ${quoteIdentifier(standing.trigram_schema ?? '')} to ${role}`)
  return statements
}

async function standingIn(orm: Orm, schema: string): Promise<Standing> {
  const tables = [...orm.getMetadata().getAll().values()].map(({ tableName }) => tableName)
  const history = orm.config.get('migrations').tableName ?? ''
  const [row]: Standing[] = await orm.em.getConnection().execute(
    `with asked as (select ?::text as name, ?::text as jobs),
        own as (select n.oid from pg_namespace n, asked where n.nspname = asked.name),
        boss as (select n.oid from pg_namespace n, asked where n.nspname = asked.jobs),
        trigrams as (select n.oid, n.nspname::text as name from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = 'pg_trgm')
      select current_user::text as role,
        has_database_privilege(current_database(), 'create') as may_create_schemas,
        (select has_schema_privilege(oid, 'create') and has_schema_privilege(oid, 'usage') from own) as may_create_tables,
        (select has_schema_privilege(oid, 'usage') from boss) as may_create_jobs,
        (select has_schema_privilege(oid, 'usage') from trigrams) as may_use_trigrams,
        (select name from trigrams) as trigram_schema,
        exists (select from pg_available_extensions where name = 'pg_trgm') as is_extension_available,
        array(select c.relname::text from pg_class c join own on own.oid = c.relnamespace where c.relname = any(?::text[])
          union all select 'tables in ' || asked.jobs from asked, boss where exists (select from pg_class where relnamespace = boss.oid)) as taken_names,
        not exists (select from pg_class c join own on own.oid = c.relnamespace where c.relname = any(?::text[])
          and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert'))) as may_use_tables,
        exists (select from pg_class c join own on own.oid = c.relnamespace where c.relname = ?) as was_here`,
    [schema, jobsSchema(schema), `{${tables.join(',')}}`, `{${tables.join(',')}}`, history],
  )
  if (row === undefined) throw new TypeError('A statement without a table has one row.')
  return row
}
