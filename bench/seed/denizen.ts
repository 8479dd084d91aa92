import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { completed, anonymousActor, builtInRoles, newId, systemClock, uuidOf, webCryptoRandom, type Orm } from '@denizen/core'
import { createRuntime, nodeDigest } from '@denizen/runtime'
import { mintToken } from '../../packages/core/src/tokens/index.ts'
import { benchConfig } from '../denizen.ts'
import { hotSessions } from '../requests.ts'
import { send } from '../servers/harness.ts'
import { chunks, readSeedOptions, sampled, type Seeded } from './options.ts'

/**
 * Migrates Denizen's database and fills it: users with the role that every user
 * has, and sessions with a token each, minted by core's own function. The
 * superadmin is made and signed in through core.
 */
const { users, sessions, file } = readSeedOptions()
const runtime = await createRuntime(benchConfig(), { working: false })
const { core } = runtime
await runtime.start()

const password = randomBytes(16).toString('base64url')
await core.bootstrap({ username: 'admin', password })
const { accessToken: adminToken } = completed(await core.as(anonymousActor).auth.signIn({ identifier: 'admin', password }))

const typeIds: string[] = []
const userIds: string[] = []
for (const numbers of chunks(users)) {
  const made = numbers.map(() => newId('usr', systemClock.now(), webCryptoRandom.bytes(10)))
  const ids = made.map(uuidOf)
  await insertUsers(core.orm, ids, numbers)
  userIds.push(...ids)
  typeIds.push(...made)
}

const kept: { token: string; fragment: string }[] = []
for (const numbers of chunks(sessions)) {
  const minted = numbers.map((number) => ({ ...newToken(), session: newUuid(), user: userIds[number % users] ?? '' }))
  await insertSessions(core.orm, minted)
  kept.push(
    ...sampled(numbers, sessions).map((index) => ({
      token: minted[index]?.text ?? '',
      fragment: `"username":"user-${(numbers[index] ?? 0) % users}"`,
    })),
  )
}
const apiTokens = await insertApiTokens(core.orm)
await core.orm.em.fork().execute('vacuum analyze')
await runtime.stop()

const seeded: Seeded = { kept, adminToken, apiTokens, userIds: typeIds.slice(0, hotSessions) }
await writeFile(file, JSON.stringify(seeded))
send({ users, sessions })
process.disconnect()

function newToken(kind: 'access' | 'api' = 'access') {
  const id = newId('tok', systemClock.now(), webCryptoRandom.bytes(10))
  return { id: uuidOf(id), ...mintToken(kind, id, { random: webCryptoRandom, digest: nodeDigest() }) }
}

function newUuid(): string {
  return uuidOf(newId('ses', systemClock.now(), webCryptoRandom.bytes(10)))
}

async function insertUsers(orm: Orm, ids: readonly string[], numbers: readonly number[]): Promise<void> {
  const em = orm.em.fork()
  await em.execute(
    `insert into users (id, username, email, email_verified, display_name, folded_display_name, status, kind, preferences, created_at, updated_at)
      select id, 'user-' || n, 'user-' || n || '@bench.example', true, 'User ' || n, 'user ' || n, 'active', 'human', '{}', now(), now()
        from unnest(?::uuid[], ?::int[]) as given (id, n)`,
    [arrayOf(ids), arrayOf(numbers)],
  )
  await em.execute(
    `insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_at)
      select gen_random_uuid(), 'user', id, ?, 'system', now(), now() from unnest(?::uuid[]) as given (id)`,
    [uuidOf(builtInRoles.user.id), arrayOf(ids)],
  )
}

interface Minted {
  readonly id: string
  readonly hash: string
  readonly session: string
  readonly user: string
}

async function insertSessions(orm: Orm, minted: readonly Minted[]): Promise<void> {
  const em = orm.em.fork()
  const sessionIds = arrayOf(minted.map(({ session }) => session))
  const owners = arrayOf(minted.map(({ user }) => user))
  await em.execute(
    `insert into sessions (id, user_id, auth_methods, assurance, ip, user_agent, created_at, last_seen_at, proved_at, expires_at)
      select id, owner, '{pwd}', 'aal1', '127.0.0.1', 'bench', now(), now(), now(), now() + interval '14 days' from unnest(?::uuid[], ?::uuid[]) as given (id, owner)`,
    [sessionIds, owners],
  )
  await em.execute(
    `insert into tokens (id, kind, user_id, session_id, hash, created_at, expires_at)
      select id, 'access', owner, session, hash, now(), now() + interval '14 days'
        from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::text[]) as given (id, owner, session, hash)`,
    [arrayOf(minted.map(({ id }) => id)), owners, sessionIds, arrayOf(minted.map(({ hash }) => hash))],
  )
}

/** API tokens of the first users, as many as are asked with. */
async function insertApiTokens(orm: Orm): Promise<NonNullable<Seeded['apiTokens']>> {
  const minted = userIds.slice(0, hotSessions).map((user, number) => ({ ...newToken('api'), user, number }))
  await orm.em.fork().execute(
    `insert into tokens (id, kind, user_id, hash, name, created_at)
      select id, 'api', owner, hash, 'bench', now() from unnest(?::uuid[], ?::uuid[], ?::text[]) as given (id, owner, hash)`,
    [arrayOf(minted.map(({ id }) => id)), arrayOf(minted.map(({ user }) => user)), arrayOf(minted.map(({ hash }) => hash))],
  )
  return minted.map(({ text, number }) => ({ token: text, fragment: `"username":"user-${number}"` }))
}

/** A PostgreSQL array of values that need no quotes. */
function arrayOf(values: readonly (string | number)[]): string {
  return `{${values.join(',')}}`
}
