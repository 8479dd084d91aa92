import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { parseDatabaseUrl } from '../database-url.ts'
import type { PostgresPlace } from '../postgres.ts'

export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

/**
 * A database of its own, empty or as the migrations leave it, on the run's PostgreSQL: the server that
 * DENIZEN_TEST_DATABASE_URL names, which the global setup starts when it is not given.
 */
export async function testDatabase({ migrated = false, locale = '' } = {}): Promise<TestDatabase> {
  const server = process.env['DENIZEN_TEST_DATABASE_URL'] ?? ''
  if (server === '') throw new Error('DENIZEN_TEST_DATABASE_URL is not set: run the tests with vitest, from the root of the workspace')
  const name = `denizen_runtime_${randomBytes(6).toString('hex')}`
  const template = migrated ? (process.env['DENIZEN_TEST_TEMPLATE'] ?? '') : 'template0'
  await administer(server, `create database ${name} template ${template}${locale === '' ? '' : ` locale '${locale}'`}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => administer(server, `drop database ${name} with (force)`) }
}

/** A database as it is found when there is nothing special about it. */
export function placeAt(url: string): PostgresPlace {
  const server = parseDatabaseUrl(url)
  return { server, direct: server, isPooled: false, schema: 'public', searchPath: ['public'] }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
