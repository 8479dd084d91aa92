import { randomBytes } from 'node:crypto'
import { completed, anonymousActor, builtInRoles, newId, uuidOf, webCryptoRandom, type Orm } from '@denizen/core'
import { createRuntime } from '@denizen/runtime'
import { benchConfig } from '../denizen.ts'
import { chunks } from '../seed/options.ts'
import { send } from '../servers/harness.ts'
import { personAt, type Person } from './people.ts'

/** Migrates Denizen's database and generates its users straight into PostgreSQL. The superadmin is made and signed in through core. */
const users = Number(process.env['BENCH_USERS'])
const now = new Date(Number(process.env['BENCH_NOW']))
const runtime = await createRuntime(benchConfig(), { working: false })
const { core } = runtime
await runtime.start()
const password = randomBytes(16).toString('base64url')
await core.bootstrap({ username: 'admin', password })
const { accessToken } = completed(await core.as(anonymousActor).auth.signIn({ identifier: 'admin', password }))
const startedAt = performance.now()
for (const numbers of chunks(users)) {
  await insert(
    core.orm,
    numbers.map((number) => personAt(number, users, now)),
  )
}
const seconds = (performance.now() - startedAt) / 1000
await core.orm.em.fork().execute('vacuum analyze')
await runtime.stop()
send({ adminToken: accessToken, seconds })
process.disconnect()

async function insert(orm: Orm, people: readonly Person[]): Promise<void> {
  const em = orm.em.fork()
  const rows = people.map((person) => ({
    ...person,
    folded: person.fullName.toLowerCase(),
    id: uuidOf(newId('usr', person.createdAt, webCryptoRandom.bytes(10))),
    status: person.suspended ? 'suspended' : 'active',
  }))
  const json = JSON.stringify(rows)
  await em.execute(
    `insert into users (id, username, email, email_verified, full_name, folded_full_name, display_name, folded_display_name, status, kind, preferences, created_at, updated_at)
      select id, username, email, true, "fullName", "folded", "fullName", "folded", status, 'human', '{}', "createdAt", "createdAt"
        from jsonb_to_recordset(?::jsonb) as given (id uuid, username text, email text, "fullName" text, folded text, status text, "createdAt" timestamptz)`,
    [json],
  )
  await em.execute(
    `insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_at)
      select gen_random_uuid(), 'user', id, ?, 'system', "createdAt", "createdAt" from jsonb_to_recordset(?::jsonb) as given (id uuid, "createdAt" timestamptz)`,
    [uuidOf(builtInRoles.user.id), json],
  )
}
