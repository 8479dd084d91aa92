import { anonymousActor, builtInRoles, completed, newId, systemClock, uuidOf, webCryptoRandom } from '@denizen/core'
import { createRuntime } from '@denizen/runtime'
import { benchConfig } from '../denizen.ts'
import { send } from '../servers/harness.ts'

/** Users who sign in, all with the same password, so that it is hashed once; and one token to ask who-am-I with. */
const password = process.env['BENCH_PASSWORD'] ?? ''
const users = Number(process.env['BENCH_USERS'])
const runtime = await createRuntime(benchConfig(), { working: false })
const { core } = runtime
await runtime.start()
const hash = await core.ports.hasher.hash(password)
const em = core.orm.em.fork()
for (let number = 0; number < users; number++) {
  const id = uuidOf(newId('usr', systemClock.now(), webCryptoRandom.bytes(10)))
  await em.execute(
    `with account as (
        insert into users (id, username, email, email_verified, status, kind, preferences, created_at, updated_at)
          values (?, ?, ?, true, 'active', 'human', '{}', now(), now()) returning id),
      secret as (insert into passwords (user_id, hash, changed_at) select id, ?, now() from account)
      insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_at)
        select gen_random_uuid(), 'user', id, ?, 'system', now(), now() from account`,
    [id, `user-${number}`, `user-${number}@bench.example`, hash, uuidOf(builtInRoles.user.id)],
  )
}
const { accessToken } = completed(await core.as(anonymousActor).auth.signIn({ identifier: 'user-0', password }))
await runtime.stop()
send({ token: accessToken })
process.disconnect()
