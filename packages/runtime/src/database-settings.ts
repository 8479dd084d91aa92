import { resolve } from 'node:path'
import { z } from 'zod'
import { parseDatabaseUrl } from './database-url.ts'
import { define, type Check } from './setting.ts'
import { refuse } from './setting-formats.ts'

export type DatabaseConfig =
  | {
      readonly kind: 'postgres'
      readonly url: string
      /** Past any pooler, for the listener, jobs and migrations; null: the same. */
      readonly directUrl: string | null
      /** Holds the tables. */
      readonly schema: string
    }
  | { readonly kind: 'embedded'; readonly directory: string }
  | { readonly kind: 'memory' }

export const databaseDefinitions = {
  DATABASE_URL: define(
    z.string().transform(databaseUrl).optional(),
    '(none: the embedded database)',
    'PostgreSQL 15 or newer, as a URL. Without it Denizen keeps its data in DENIZEN_DATA_DIR.',
  ),
  DENIZEN_DATABASE_DIRECT_URL: define(
    z.string().transform(databaseUrl).optional(),
    '(DATABASE_URL)',
    'Past a pooler in transaction mode, the server itself: for the listener, jobs and migrations.',
  ),
  DENIZEN_DATABASE_SCHEMA: define(
    z
      .string()
      .regex(
        /^(?!pg_)[A-Za-z_][A-Za-z0-9_-]{0,49}$/,
        'must be the name of a schema: at most 50 letters, digits, _ and -, not beginning with pg_',
      )
      .default('public'),
    'public',
    'The schema of the tables. It is created when it is not there.',
  ),
  DENIZEN_DATA_DIR: define(
    z.string().min(1, 'must name a directory').default('./denizen-data'),
    './denizen-data',
    'Directory of the embedded database and its master key. memory:// stores nothing.',
  ),
}

export function databaseConfigOf(values: {
  readonly DATABASE_URL?: string | undefined
  readonly DENIZEN_DATABASE_DIRECT_URL?: string | undefined
  readonly DENIZEN_DATABASE_SCHEMA: string
  readonly DENIZEN_DATA_DIR: string
}): DatabaseConfig {
  const { DATABASE_URL: url, DENIZEN_DATABASE_DIRECT_URL: direct, DENIZEN_DATABASE_SCHEMA: schema, DENIZEN_DATA_DIR: directory } = values
  if (url !== undefined) return { kind: 'postgres', url, directUrl: direct ?? null, schema }
  return isMemory(directory) ? { kind: 'memory' } : { kind: 'embedded', directory: resolve(directory) }
}

export function isMemory(directory: string): boolean {
  return directory === 'memory://'
}

function databaseUrl(text: string, check: Check): string {
  try {
    parseDatabaseUrl(text)
    return text
  } catch (error) {
    return refuse(check, error instanceof Error ? error.message : String(error))
  }
}
