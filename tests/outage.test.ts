import { createServer, type Server } from '@denizen/api'
import { anonymousActor, completed, systemActor, type Logger } from '@denizen/core'
import { createRuntime, readConfig, type Runtime } from '@denizen/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../packages/runtime/src/testing/postgres.ts'
import { openProxy, type TestProxy } from '../packages/runtime/src/testing/proxy.ts'
import { eventually } from './deadlines.ts'

const password = 'correct horse battery staple'
const deadline = 30_000
const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = []
const write = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => void lines.push({ message, fields })
const logger: Logger = { debug: () => {}, info: () => {}, warn: write, error: write }

let database: TestDatabase
let proxy: TestProxy
let runtime: Runtime
let server: Server
let [access, refresh] = ['', '']

// For each test: one of them leaves a copy that only answers.
beforeEach(async () => {
  database = await testDatabase({ migrated: true })
  proxy = await openProxy(database.url)
  const DENIZEN_MASTER_KEY = Buffer.alloc(32, 7).toString('base64url')
  runtime = await createRuntime(readConfig({ DATABASE_URL: proxy.url, DENIZEN_MASTER_KEY }), { logger })
  await runtime.start()
  server = createServer({ core: runtime.core, port: 0 })
  await server.listen()
  const user = await runtime.core.as(systemActor('test')).users.create({ username: 'ada', password })
  const signedIn = completed(await runtime.core.as(anonymousActor).auth.signIn({ identifier: user?.id ?? '', password }))
  ;[access, refresh] = [signedIn.accessToken, signedIn.refreshToken]
})
afterEach(async () => {
  proxy.mend()
  await server.close()
  await runtime.stop()
  await proxy.close()
  await database.drop()
})

function ask(path: string, { body, token }: { readonly body?: string | URLSearchParams; readonly token?: string } = {}): Promise<Response> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(typeof body === 'string' && { 'content-type': 'application/json' }),
  }
  return fetch(server.url + path, body === undefined ? { headers } : { method: 'POST', headers, body })
}

const calls: readonly (readonly [what: string, call: () => Promise<Response>])[] = [
  ['a query', () => ask('/trpc/users.current', { token: access })],
  ['who am I', () => ask('/trpc/sessions.whoami', { token: access })],
  ['a decision', () => ask(`/trpc/access.check?input=${encodeURIComponent('{"json":{"permission":"users.get"}}')}`, { token: access })],
  ['a command', () => ask('/trpc/users.updateCurrent', { body: '{"json":{"displayName":"Ada"}}', token: access })],
  ['a batch', () => ask('/trpc/users.current,sessions.whoami?batch=1', { token: access })],
  ['a sign-in', () => ask('/trpc/auth.signIn', { body: `{"json":{"identifier":"ada","password":"${password}"}}` })],
  ['REST', () => ask('/users/current', { token: access })],
  ['introspection', () => ask('/oauth/introspect', { body: new URLSearchParams({ token: access }), token: access })],
  ['revocation', () => ask('/oauth/revoke', { body: new URLSearchParams({ token: access, client_id: 'a program' }) })],
  [
    'a refresh',
    () =>
      ask('/oauth/token', { body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh, client_id: 'a program' }) }),
  ],
  ['the signing keys', () => ask('/.well-known/jwks.json')],
]

describe('72: while PostgreSQL is away', () => {
  test('R7: every call is answered 503 with Retry-After, counted, in some lines of log without a stack, until it is back', async () => {
    const statuses = async () =>
      Promise.all(
        calls.map(async ([what, call]) => {
          const answer = await call()
          return { what, status: answer.status, retry: Number(answer.headers.get('retry-after')) > 0 }
        }),
      )
    lines.length = 0
    proxy.break('closed')
    await eventually(deadline, 'every call being answered 503', async () => (await statuses()).every(({ status }) => status === 503))
    for (let round = 0; round < 40; round++) expect(await statuses()).toEqual(calls.map(([what]) => ({ what, status: 503, retry: true })))
    expect((await ask('/readyz')).status).toBe(503)
    expect((await ask('/healthz')).status).toBe(200)
    const metrics = await runtime.metrics.expose()
    const failures = [...metrics.matchAll(/^denizen_database_failures_total\{state="([^"]+)"\} (\d+)$/gm)]
    expect(failures.reduce((sum, [, , count]) => sum + Number(count), 0)).toBeGreaterThan(calls.length * 40)
    expect(lines.length).toBeLessThan(100)
    expect(lines.map(({ message }) => message)).toContain('the database failed authenticating a token')
    expect(JSON.stringify(lines)).not.toMatch(/\\n +at /)

    proxy.mend()
    await eventually(deadline, 'being ready again', async () => (await ask('/readyz')).status === 200)
    expect((await ask('/users/current', { token: access })).status).toBe(200)
    expect((await ask('/.well-known/jwks.json')).status).toBe(200)
  })

  test('C8: after a failover to a copy that only answers it is not ready, and says so', async () => {
    const name = new URL(database.url).pathname.slice(1)
    const operator = runtime.database.orm.em.getConnection()
    await operator.execute(`alter database "${name}" set default_transaction_read_only = on`)
    proxy.break('closed')
    proxy.mend()
    await eventually(deadline, 'not being ready', async () => (await ask('/readyz')).status === 503)
    const change = () => ask('/trpc/users.updateCurrent', { body: '{"json":{"displayName":"Ada"}}', token: access })
    await eventually(deadline, 'a connection to the copy', async () => (await (await change()).text()).includes('request.databaseReadOnly'))
    expect((await change()).status).toBe(503)
    expect((await ask('/users/current', { token: access })).status).toBe(200)
    expect(await runtime.metrics.expose()).toMatch(/denizen_database_failures_total\{state="25006"\} [1-9]/)
  })
})
