/**
 * Denizen without a server: core, imported, on a database in memory.
 *
 *   npm start --workspace examples/core-script
 *
 * The same actions as over the wire, with the same rules, audit and errors.
 */
import { completed, anonymousActor, createCore, defaultPorts, ormOptions, systemActor, userActor } from '@denizen/core'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { MikroORM } from '@mikro-orm/pglite'

const orm = await MikroORM.init({ ...ormOptions(), dbName: 'memory://', driverOptions: { extensions: { pg_trgm } } })
await orm.migrator.up()

const core = createCore({ orm, ports: await defaultPorts(crypto.getRandomValues(new Uint8Array(32))) })
await core.start()

const operator = core.as(systemActor('example'))
const ada = await operator.users.create({ email: 'ada@example.com', password: 'the analytical engine', fullName: 'Ada Lovelace' })
console.log('created', ada?.id)

const { accessToken } = completed(
  await core.as(anonymousActor).auth.signIn({ identifier: 'ada@example.com', password: 'the analytical engine' }),
)
const principal = await core.authenticate(accessToken)
if (principal === null) throw new Error('the token that was just given opens nothing')
console.log('signed in as', (await core.as(userActor(principal)).sessions.whoami()).user.username)

console.log('suspending would', await operator.users.setStatus.plan({ userId: principal.userId, status: 'suspended' }))
await operator.users.setStatus({ userId: principal.userId, status: 'suspended', reason: 'only an example' })
console.log('the token now opens', await core.authenticate(accessToken))

await core.stop()
await orm.close()
