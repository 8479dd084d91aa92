import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { getMigrations } from 'better-auth/db/migration'
import { Pool } from 'pg'
import { send } from '../servers/harness.ts'
import { optionsWithOrganizations } from './better-auth.ts'
import { betterAuthSessions, sizesAt } from './layout.ts'

/** better-auth's own tables with the same users and organizations; it knows roles in organizations, and nothing of resources. */
const { users, organizations } = sizesAt(Number(process.env['BENCH_SCALE']))
const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: 1 })
const migrations = await getMigrations(optionsWithOrganizations(pool))
await migrations.runMigrations()
await pool.query(
  `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt", role, banned)
    select 'user' || n, 'User ' || n, 'user-' || n || '@bench.example', true, now(), now(), 'user', false from generate_series(0, $1::int - 1) n`,
  [users],
)
await pool.query(
  `insert into organization (id, name, slug, "createdAt") select 'org' || o, 'Organization ' || o, 'org-' || o, now() from generate_series(0, $1::int - 1) o`,
  [organizations],
)
await pool.query(
  `insert into member (id, "organizationId", "userId", role, "createdAt")
    select 'member' || n, 'org' || n % $2::int, 'user' || n, case when n / $2::int = 0 then 'owner' else 'member' end, now() from generate_series(0, $1::int - 1) n`,
  [users, organizations],
)
const tokens = Array.from({ length: betterAuthSessions }, () => randomBytes(24).toString('base64url').replaceAll(/[-_]/g, 'x'))
// A session younger than a day is not written again when it is read (updateAge).
await pool.query(
  `insert into session (id, token, "userId", "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent")
    select token, token, 'user' || (n - 1) % $2::int, now() + interval '7 days', now(), now(), '127.0.0.1', 'bench' from unnest($1::text[]) with ordinality s (token, n)`,
  [tokens, users],
)
await pool.query('vacuum analyze')
await pool.end()
await writeFile(process.env['BENCH_TOKENS'] ?? '', JSON.stringify({ tokens }))
send({})
process.disconnect()
