import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { anonymousActor, builtInRoles, completed, newId, systemClock, uuidOf, webCryptoRandom, type Orm } from '@denizen/core'
import { createRuntime, nodeDigest } from '@denizen/runtime'
import { mintToken } from '../../packages/core/src/tokens/index.ts'
import { Client } from 'pg'
import { benchConfig } from '../denizen.ts'
import { chunks } from '../seed/options.ts'
import { send } from '../servers/harness.ts'
import { idAt, sizesAt } from './layout.ts'
import { policyStatements } from './policy-sql.ts'

/** Migrates Denizen's database and fills it with a policy at scale: set by set, in SQL; sessions with tokens minted by core's own function. */
const sizes = sizesAt(Number(process.env['BENCH_SCALE']))
const file = process.env['BENCH_TOKENS'] ?? ''
const runtime = await createRuntime(benchConfig(), { working: false })
const { core } = runtime
await runtime.start()
const password = randomBytes(16).toString('base64url')
await core.bootstrap({ username: 'admin', password })
const { accessToken: adminToken } = completed(await core.as(anonymousActor).auth.signIn({ identifier: 'admin', password }))

const startedAt = performance.now()
await fill()
const tokens: string[] = []
for (const numbers of chunks(sizes.sessions)) tokens.push(...(await insertSessions(core.orm, numbers)))
await vacuum()
const seconds = (performance.now() - startedAt) / 1000
await runtime.stop()
await writeFile(file, JSON.stringify({ adminToken, tokens }))
send({ seconds })
process.disconnect()

/**
 * In one transaction. Foreign keys and indexes of the two large tables are taken down and put up again,
 * as a restore does: what they demand is looked at all at once.
 */
async function fill(): Promise<void> {
  const client = new Client({ connectionString: process.env['DATABASE_URL'] })
  await client.connect()
  await client.query(`begin; set local work_mem = '256MB'; set local maintenance_work_mem = '512MB'`)
  const { rows } = await client.query<{ down: string; up: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as down,
          format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as up
        from pg_constraint where contype = 'f' and conrelid in ('resources'::regclass, 'role_assignments'::regclass)
      union all select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
        from pg_index where not indisprimary and indrelid in ('resources'::regclass, 'role_assignments'::regclass)
          and indexrelid not in (select conindid from pg_constraint where contype in ('p', 'u'))`,
  )
  for (const { down } of rows) await client.query(down)
  for (const statement of policyStatements(sizes, uuidOf(builtInRoles.user.id))) await client.query(statement)
  await client.query('analyze resources; analyze role_assignments')
  for (const { up } of rows.toReversed()) await client.query(up)
  await client.query('commit')
  await client.end()
}

async function insertSessions(orm: Orm, numbers: readonly number[]): Promise<string[]> {
  const minted = numbers.map((number) => {
    const id = newId('tok', systemClock.now(), webCryptoRandom.bytes(10))
    const session = uuidOf(newId('ses', systemClock.now(), webCryptoRandom.bytes(10)))
    const { text, hash } = mintToken('access', id, { random: webCryptoRandom, digest: nodeDigest() })
    return { id: uuidOf(id), session, user: uuidOf(idAt('usr', number % sizes.users)), text, hash }
  })
  await orm.em.fork().execute(
    `with given as (select * from jsonb_to_recordset(?::jsonb) as given (id uuid, session uuid, "user" uuid, hash text)),
      opened as (insert into sessions (id, user_id, auth_methods, assurance, ip, user_agent, created_at, last_seen_at, proved_at, expires_at)
        select session, "user", '{pwd}', 'aal1', '127.0.0.1', 'bench', now(), now(), now(), now() + interval '14 days' from given)
      insert into tokens (id, kind, user_id, session_id, hash, created_at, expires_at)
        select id, 'access', "user", session, hash, now(), now() + interval '14 days' from given`,
    [JSON.stringify(minted.map(({ id, session, user, hash }) => ({ id, session, user, hash })))],
  )
  return minted.map(({ text }) => text)
}

/** Takes longer than core's own connections wait for an answer. */
async function vacuum(): Promise<void> {
  const client = new Client({ connectionString: process.env['DATABASE_URL'] })
  await client.connect()
  await client.query('vacuum analyze')
  await client.end()
}
