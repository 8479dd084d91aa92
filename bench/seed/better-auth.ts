import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { getMigrations } from 'better-auth/db/migration'
import { Pool } from 'pg'
import { betterAuthOptions, createBetterAuth } from '../better-auth.ts'
import { hotSessions } from '../requests.ts'
import { send } from '../servers/harness.ts'
import { chunks, readSeedOptions, sampled, type Seeded } from './options.ts'

/** Makes better-auth's own tables and fills them with users, sessions and one admin. */
const { users, sessions, file } = readSeedOptions()
const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: 1 })

const migrations = await getMigrations(betterAuthOptions(pool))
await migrations.runMigrations()

for (const numbers of chunks(users)) {
  await pool.query(
    `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt", role, banned)
      select 'user' || n, 'User ' || n, 'user-' || n || '@bench.example', true, now(), now(), 'user', false from unnest($1::int[]) n`,
    [numbers],
  )
}
await pool.query(
  `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt", role, banned)
    values ('admin', 'Admin', 'admin@bench.example', true, now(), now(), 'admin', false)`,
)

const kept: { token: string; fragment: string }[] = []
for (const numbers of chunks(sessions)) {
  const tokens = numbers.map(() => newToken())
  await insertSessions(
    numbers.map((number) => `user${number % users}`),
    tokens,
  )
  kept.push(
    ...sampled(numbers, sessions).map((index) => ({
      token: tokens[index] ?? '',
      fragment: `"user-${(numbers[index] ?? 0) % users}@bench.example"`,
    })),
  )
}
const adminToken = newToken()
await insertSessions(['admin'], [adminToken])
const apiTokens = await createApiKeys()
await pool.query('vacuum analyze')
await pool.end()

const userIds = Array.from({ length: hotSessions }, (_, number) => `user${number}`)
const seeded: Seeded = { kept, adminToken, apiTokens, userIds }
await writeFile(file, JSON.stringify(seeded))
send({ users, sessions })
process.disconnect()

/** API keys of the first users, made by better-auth itself: how it hashes them is its own business. */
async function createApiKeys(): Promise<NonNullable<Seeded['apiTokens']>> {
  const { api } = createBetterAuth(pool)
  const made: { token: string; fragment: string }[] = []
  for (let number = 0; number < hotSessions; number++) {
    const { key } = await api.createApiKey({ body: { name: 'bench', userId: `user${number}` } })
    made.push({ token: key, fragment: `"user-${number}@bench.example"` })
  }
  return made
}

async function insertSessions(owners: readonly string[], tokens: readonly string[]): Promise<void> {
  // A session younger than a day is not written again when it is read (updateAge).
  await pool.query(
    `insert into session (id, token, "userId", "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent")
      select token, token, owner, now() + interval '7 days', now(), now(), '127.0.0.1', 'bench' from unnest($1::text[], $2::text[]) s (owner, token)`,
    [owners, tokens],
  )
}

/** 32 letters, as better-auth's own tokens. */
function newToken(): string {
  return randomBytes(24).toString('base64url').replaceAll(/[-_]/g, 'x')
}
