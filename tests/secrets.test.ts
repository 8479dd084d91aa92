import { completed } from '@denizen/core'
import { readFile } from 'node:fs/promises'
import { createClient, DenizenError } from '@denizen/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from './database.ts'
import { endPrograms, startServer, type ServerProgram } from './processes.ts'
import { send } from './requests.ts'

let database: SystemDatabase
let server: ServerProgram
let token: string

beforeAll(async () => {
  database = await openDatabase()
  token = (await database.people.asSuperadmin()).token
  server = await startServer({ ...database.environment, DENIZEN_LOG_LEVEL: 'debug' })
})
afterAll(async () => {
  await endPrograms()
  await database.close()
})

/** The canaries: part of every secret that is planted. */
const secret = 'Canary4f1c9b-is-a-password'
const stranger = `dnz_access_${'canary4f1c9b'.repeat(5)}`

it('59: secrets never get into answers that are not theirs, the log, the metrics or the command line', async () => {
  const admin = createClient({ url: server.url, token })
  const anonymous = createClient({ url: server.url })
  const answers = await Promise.all(
    [
      () => admin.users.create({ username: 'keeps-secrets', password: secret }, { idempotencyKey: 'once' }),
      () => admin.users.create({ username: 'keeps secrets', password: secret }),
      () => admin.users.import({ format: 'keycloak', realm: realmWith(secret) }),
      () => admin.users.update({ userId: secret, version: 1, displayName: 'x' } as never),
      () => anonymous.auth.signIn({ identifier: 'keeps-secrets', password: `${secret}!` }),
      // People type their password where their name should be.
      () => anonymous.auth.signIn({ identifier: secret, password: secret }),
      () => createClient({ url: server.url, token: stranger }).sessions.whoami(),
      () => malformed(`{"json":{"identifier":"a","password":"${secret}"`),
      () => malformed(`{"json":{"identifier":"a","password":"${secret}","password2":{}}}`),
      () => send(server.url, `/trpc/auth.signIn?input=${encodeURIComponent(JSON.stringify({ json: { password: secret } }))}`),
      () => send(server.url, '/users/current', { headers: { authorization: `Bearer ${stranger} ${secret}`, cookie: `session=${secret}` } }),
    ].map(outcomeOf),
  )
  const { accessToken } = completed(await anonymous.auth.signIn({ identifier: 'imported', password: secret }))
  answers.push(await outcomeOf(() => createClient({ url: server.url, token: accessToken }).users.current()))
  answers.push(await failUnexpectedly(() => outcomeOf(() => admin.users.create({ username: 'is-lost', password: secret }))))
  answers.push(...(await Promise.all(['/metrics', '/healthz', '/readyz'].map((path) => outcomeOf(() => send(server.url, path))))))
  const commandLine = await readFile(`/proc/${server.pid}/cmdline`, 'utf8')
  expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null })

  const log = server.stdout() + server.stderr()
  expect(log, 'the log works: the failure is in it').toContain('an action failed unexpectedly')
  const told = answers.map((answer) => JSON.stringify(answer)).join('\n')
  expect(told, 'so do the answers').toContain('"code":"request.internal"')
  expect(told).toContain('denizen_actions_total')
  const masterKey = database.environment['DENIZEN_MASTER_KEY'] ?? ''
  const hashes = await database.rows<{ hash: string }>(`
    select p.hash from passwords p join users u on u.id = p.user_id where u.username in ('keeps-secrets', 'imported')
    union all select hash from tokens`)
  expect(hashes.length).toBeGreaterThanOrEqual(4)
  const secrets = [secret, stranger, token, accessToken, masterKey, ...hashes.map(({ hash }) => hash)]
  const found = Object.entries({ told, log, commandLine }).flatMap(([place, text]) =>
    secrets.filter((hidden) => text.includes(hidden)).map((hidden) => `${place}: ${hidden}`),
  )
  expect(found).toEqual([])
  expect(log).not.toMatch(/\$argon2/)
})

function realmWith(value: string) {
  return { realm: 'r', users: [{ username: 'imported', enabled: true, credentials: [{ type: 'password', value }] }] }
}

function malformed(body: string) {
  return send(server.url, '/trpc/auth.signIn', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}

/** Everything that somebody was told. */
async function outcomeOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    return { code: error.code, message: error.message, details: error.details }
  }
}

/** Lets a call fail as nobody foresaw: PostgreSQL's error then quotes the whole row, the hash of the password in it. */
async function failUnexpectedly(call: () => Promise<unknown>): Promise<unknown> {
  await database.rows(`alter table passwords add constraint refuses_all check (hash = '') not valid`)
  const outcome = await call()
  await database.rows('alter table passwords drop constraint refuses_all')
  return outcome
}
