import { randomBytes } from 'node:crypto'
import { getMigrations } from 'better-auth/db/migration'
import { Pool } from 'pg'
import { betterAuthOptions } from '../better-auth.ts'
import { chunks } from '../seed/options.ts'
import { send } from '../servers/harness.ts'
import { personAt } from './people.ts'

/** Makes better-auth's own tables, and gives it the very same people and one admin. */
const users = Number(process.env['BENCH_USERS'])
const now = new Date(Number(process.env['BENCH_NOW']))
const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: 1 })
const migrations = await getMigrations(betterAuthOptions(pool))
await migrations.runMigrations()
for (const numbers of chunks(users)) {
  await pool.query(
    `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt", role, banned)
      select 'user' || number, "fullName", email, true, "createdAt", "createdAt", 'user', suspended
        from jsonb_to_recordset($1::jsonb) as given (number int, "fullName" text, email text, suspended boolean, "createdAt" timestamptz)`,
    [JSON.stringify(numbers.map((number) => personAt(number, users, now)))],
  )
}
await pool.query(
  `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt", role, banned)
    values ('admin', 'Admin', 'admin@bench.example', true, $1, $1, 'admin', false)`,
  [new Date(now.getTime() - users * 1000 - 120_000)],
)
const adminToken = randomBytes(24).toString('base64url').replaceAll(/[-_]/g, 'x')
await pool.query(
  `insert into session (id, token, "userId", "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent")
    values ($1, $1, 'admin', now() + interval '7 days', now(), now(), '127.0.0.1', 'bench')`,
  [adminToken],
)
await pool.query('vacuum analyze')
await pool.end()
send({ adminToken, seconds: 0 })
process.disconnect()
