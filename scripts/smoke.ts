/**
 * Core alone, on PGlite in memory with its portable defaults, on whichever runtime starts this: the life of a user from
 * creation to suspension, with what must be refused on the way.
 */
import assert from 'node:assert/strict'
import { completed, anonymousActor, createCore, defaultPorts, DenizenError, ormOptions, systemActor, userActor } from '@denizen/core'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { MikroORM } from '@mikro-orm/pglite'

const runtime = ['Deno', 'Bun'].find((name) => name in globalThis) ?? 'Node'
const orm = await MikroORM.init({ ...ormOptions(), dbName: 'memory://', driverOptions: { extensions: { pg_trgm } } })
await orm.migrator.up()
const core = createCore({ orm, ports: await defaultPorts(crypto.getRandomValues(new Uint8Array(32))) })
await core.start()

const operator = core.as(systemActor('smoke'))
const anybody = core.as(anonymousActor)
const password = 'the analytical engine'
const refused = (code: string) => (error: unknown) => error instanceof DenizenError && error.code === code

const ada = await operator.users.create({ email: 'ada@example.com', password })
assert.ok(ada)
assert.equal((await operator.users.create.plan({ email: 'grace@example.com' })).rows['users']?.inserted, 1)
assert.equal((await operator.users.list()).items.length, 1)
await assert.rejects(operator.users.create({ email: 'ADA@example.com' }), refused('users.emailTaken'))
await assert.rejects(anybody.users.list(), refused('request.unauthenticated'))
await assert.rejects(anybody.auth.signIn({ identifier: 'ada@example.com', password: 'wrong' }), refused('auth.invalidCredentials'))

const { accessToken } = completed(await anybody.auth.signIn({ identifier: 'ada@example.com', password }))
const principal = await core.authenticate(accessToken)
assert.ok(principal)
const herself = core.as(userActor(principal))
assert.equal((await herself.sessions.whoami()).user.id, ada.id)
await assert.rejects(herself.users.list(), refused('request.denied'))

await operator.users.setStatus({ userId: ada.id, status: 'suspended', reason: 'smoke' })
assert.equal(await core.authenticate(accessToken), null)

await core.stop()
await orm.close()
console.log(`core works on ${runtime}`)
