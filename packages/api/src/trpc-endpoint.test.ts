import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, TRPCClientError, type TRPCLink } from '@trpc/client'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import superjson from 'superjson'
import { describe, expect, it } from 'vitest'
import { TrustedProxies } from './addresses.ts'
import { callerOf, contextOf } from './context.ts'
import { appRouter, type AppRouter } from './router.ts'
import { ask, bearer, inputOf, useServer, type WireError } from './testing/server.ts'

const served = useServer()
const nobody = 'usr_01m7xam09pemxa9zmysc0m5hap'

type Links = (options: { url: string; transformer: typeof superjson; headers: Record<string, string> }) => TRPCLink<AppRouter>
const links: readonly (readonly [string, Links])[] = [
  ['httpLink', httpLink],
  ['httpBatchLink', httpBatchLink],
  ['httpBatchStreamLink', httpBatchStreamLink],
]

describe.each(links)('a tRPC client with %s', (_, link) => {
  const clientOf = (headers: Record<string, string>) =>
    createTRPCClient<AppRouter>({ links: [link({ url: `${served().server.url}/trpc`, transformer: superjson, headers })] })

  it('asks and commands, and gets dates as dates', async () => {
    const { admin } = served()
    const client = clientOf(bearer(admin))
    const created = await client.users.create.mutate({ username: `made-${crypto.randomUUID()}`, preferences: { theme: 'dark' } })
    if (created === null) throw new Error('nothing was created')
    expect(created.createdAt).toBeInstanceOf(Date)
    expect(await client.users.get.query({ userId: created.id })).toEqual(created)
    expect((await client.sessions.whoami.query()).user.id).toBe(admin.user.id)
    expect((await client.sessions.whoami.query()).session?.expiresAt).toBeInstanceOf(Date)
  })

  it('answers every call of one tick, also when some fail', async () => {
    const client = clientOf(bearer(served().stranger))
    const results = await Promise.allSettled([client.sessions.whoami.query(), client.users.list.query(), client.users.current.query({})])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  it('gets a failure with its code, kind, details and request id', async () => {
    const error: unknown = await clientOf({})
      .users.get.query({ userId: nobody })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TRPCClientError)
    expect((error as TRPCClientError<AppRouter>).data).toMatchObject({
      code: 'UNAUTHORIZED',
      httpStatus: 401,
      domain: { code: 'request.unauthenticated', kind: 'unauthenticated' },
      requestId: expect.stringMatching(/^req_/) as string,
    })
  })
})

interface Sample {
  readonly method?: 'POST'
  readonly path: string
  readonly body?: string
  readonly as?: 'admin' | 'stranger'
}

const samples: readonly Sample[] = [
  { path: '/trpc/sessions.whoami', as: 'stranger' },
  { path: '/trpc/sessions.whoami?input=%7B%7D', as: 'stranger' },
  { path: '/trpc/sessions.whoami?input=%7B%22json%22%3A%7B%7D%7D', as: 'stranger' },
  { path: '/trpc/sessions.whoami' },
  { path: `/trpc/users.get${inputOf({ userId: nobody })}`, as: 'admin' },
  { path: `/trpc/users.get${inputOf({ userId: nobody })}`, as: 'stranger' },
  { path: `/trpc/users.get${inputOf({ userId: nobody.replace('usr', 'ses') })}`, as: 'admin' },
  { path: `/trpc/users.get${inputOf({ userId: nobody, more: 1 })}`, as: 'admin' },
  { path: '/trpc/users.get?input={', as: 'admin' },
  { path: '/trpc/users.get?input=', as: 'admin' },
  { path: '/trpc/users.get?input=%22%22', as: 'admin' },
  { path: `/trpc/users.list${inputOf({ limit: 100, total: true })}`, as: 'admin' },
  { path: '/trpc/users.list', as: 'stranger' },
  { path: '/trpc/no.such' },
  { path: '/trpc/users.toString' },
  { method: 'POST', path: '/trpc/users.setStatus', body: JSON.stringify({ json: { userId: nobody, status: 'suspended' } }), as: 'admin' },
  { method: 'POST', path: '/trpc/users.setStatus', body: JSON.stringify({ json: { userId: 'x', status: 'y' } }), as: 'admin' },
  { method: 'POST', path: '/trpc/users.setStatus', body: '{"json":', as: 'admin' },
  { method: 'POST', path: '/trpc/users.setStatus', body: '', as: 'admin' },
  { method: 'POST', path: '/trpc/users.setStatus', body: 'null', as: 'admin' },
  { method: 'POST', path: '/trpc/auth.signIn', body: JSON.stringify({ json: { identifier: 'nobody', password: 'x' } }) },
  { path: `/trpc/sessions.whoami,users.list?batch=1&input=${encodeURIComponent('{}')}`, as: 'stranger' },
  { path: '/trpc/sessions.whoami,sessions.whoami?batch=1', as: 'stranger' },
  { path: '/trpc/sessions.whoami,no.such?batch=1&input=%7B%7D', as: 'stranger' },
  {
    path: `/trpc/users.get,users.find?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: { json: { userId: nobody } }, 1: { json: { identifier: 'x' } } }))}`,
    as: 'admin',
  },
  { path: '/trpc/users.get,users.find?batch=1&input=[', as: 'admin' },
  { path: '/trpc/sessions.whoami?batch=1&input=%7B%7D', as: 'admin' },
  {
    method: 'POST',
    path: '/trpc/users.setStatus,users.update?batch=1',
    body: JSON.stringify({ 0: { json: {} }, 1: { json: { userId: nobody, fullName: 'x' } } }),
    as: 'admin',
  },
]

describe('the thin adapter', () => {
  it.each(samples)("answers as tRPC's own does: $as $method $path $body", async ({ method = 'GET', path, body, as }) => {
    const { server, world } = served()
    const headers = {
      'x-request-id': 'same',
      ...(as && bearer(served()[as])),
      ...(method === 'POST' && { 'content-type': 'application/json' }),
    }
    const init = { method, headers, ...(body !== undefined && { body }) }
    const reference = await fetchRequestHandler({
      endpoint: '/trpc',
      router: appRouter,
      req: new Request(`http://localhost${path}`, init),
      createContext: async () => {
        const request = { headers, socket: { remoteAddress: '127.0.0.1' } } as never
        return contextOf(world.core, await callerOf(request, 'same', world.core, new TrustedProxies([])))
      },
    })
    const { status, headers: answered, text } = await ask(server, path, init)
    expect({ status, type: answered.get('content-type'), text }).toEqual({
      status: reference.status,
      type: reference.headers.get('content-type'),
      text: await reference.text(),
    })
    expect(answered.get('vary')).toBe('trpc-accept, accept')
    expect(answered.get('x-request-id')).toBe('same')
  })

  it('tells monitors of every call, also of those answered from a kept answer', async () => {
    const { reports, get, stranger } = served()
    await get('/trpc/sessions.whoami', bearer(stranger))
    reports.length = 0
    const first = await get('/trpc/sessions.whoami', { ...bearer(stranger), 'x-request-id': 'kept-1' })
    expect(reports).toMatchObject([{ action: 'sessions.whoami', kind: 'query', actorKind: 'user', outcome: 'ok', requestId: 'kept-1' }])
    const again = await get('/trpc/sessions.whoami', { ...bearer(stranger), 'x-request-id': 'kept-2' })
    expect(again.text).toBe(first.text)
  })

  it('keeps no answer past a change of the user or the end of the session', async () => {
    const { world, get, admin } = served()
    const person = await world.signUp()
    const ask = () => get('/trpc/sessions.whoami', bearer(person))
    const nameOf = (reply: Awaited<ReturnType<typeof ask>>) =>
      reply.json<{ result: { data: { json: { user: { displayName: string | null } } } } }>().result.data.json.user.displayName
    expect(nameOf(await ask())).toBeNull()
    expect(nameOf(await ask())).toBeNull()
    await admin.as.users.update({ userId: person.user.id, displayName: 'Ada' })
    expect(nameOf(await ask())).toBe('Ada')
    expect(nameOf(await ask())).toBe('Ada')
    await admin.as.users.setStatus({ userId: person.user.id, status: 'suspended' })
    expect((await ask()).status).toBe(401)
  })

  it('keeps no answer for a session that owes a step', async () => {
    const { world, get } = served()
    const person = await world.signUp()
    await world.rows('update users set need_password_change = true where username = ?', [person.user.username])
    const restricted = await world.signIn(person.user)
    for (let count = 0; count < 3; count++) {
      const reply = await get('/trpc/sessions.whoami', bearer(restricted))
      expect(reply.status).toBe(403)
      expect(reply.json<WireError>().error.json.data.domain.code).toBe('auth.stepRequired')
    }
  })
})

describe('a single command', () => {
  const create = (username: string) => ({ json: { username } })

  it('replays the answer for an idempotency key, and refuses it with another input', async () => {
    const { post, admin } = served()
    const username = `idem-${crypto.randomUUID()}`
    const headers = { ...bearer(admin), 'idempotency-key': username }
    const first = await post('/trpc/users.create', create(username), headers)
    expect([first.status, first.headers.get('idempotency-key')]).toEqual([200, username])
    expect((await post('/trpc/users.create', create(username), headers)).text).toBe(first.text)
    expect((await post('/trpc/users.create', create(`${username}-bare`), bearer(admin))).headers.get('idempotency-key')).toBeNull()
    const other = await post('/trpc/users.create', create(`${username}x`), headers)
    expect(other.status).toBe(409)
    expect(other.json<WireError>().error.json.data.domain.code).toBe('request.idempotencyConflict')
  })

  it('S9: case 66: is planned by its path, and repeated by a key in its body, also under another adapter', async () => {
    const { server, admin, world } = served()
    const username = `planned-${crypto.randomUUID()}`
    const headers = { ...bearer(admin), 'content-type': 'application/json' }
    const elsewhere = (path: string, body: string) =>
      fetchRequestHandler({
        endpoint: '/trpc',
        router: appRouter,
        req: new Request(`http://localhost${path}`, { method: 'POST', headers, body }),
        createContext: async () => {
          const request = { headers, socket: { remoteAddress: '127.0.0.1' } } as never
          return contextOf(world.core, await callerOf(request, 'same', world.core, new TrustedProxies([])))
        },
      }).then(async (answer) => ({ status: answer.status, text: await answer.text() }))
    const here = (path: string, body: string) => ask(server, path, { method: 'POST', headers, body })
    for (const [index, send] of [here, elsewhere].entries()) {
      const before = await world.counts()
      const plan = await send('/trpc/plan.users.create', JSON.stringify(create(username)))
      expect([plan.status, JSON.parse(plan.text)]).toMatchObject([
        200,
        { result: { data: { json: { rows: { users: { inserted: 1 } } } } } },
      ])
      expect(await world.counts()).toEqual(before)
      const keyed = JSON.stringify({ json: { idempotencyKey: username + index, input: { username: username + index } } })
      const [first, again] = [await send('/trpc/once.users.create', keyed), await send('/trpc/once.users.create', keyed)]
      expect([first.status, again.text]).toEqual([200, first.text])
      const bare = await send('/trpc/once.users.create', JSON.stringify(create(`${username}-bare`)))
      expect([bare.status, bare.text]).toMatchObject([400, expect.stringContaining('idempotencyKey')])
    }
  })

  it.each([
    ['Idempotency-Key on a batch', '/trpc/users.create?batch=1', { 'idempotency-key': 'k' }, 'request.notBatched'],
    ['the header that asked for a plan', '/trpc/users.create', { 'denizen-plan': 'true' }, 'request.invalid'],
    ['a plan of a query', '/trpc/plan.users.list', {}, 'request.unknownAction'],
    ['an idempotency key with a space', '/trpc/users.create', { 'idempotency-key': 'a b' }, 'request.invalid'],
    ['an idempotency key that is too long', '/trpc/users.create', { 'idempotency-key': 'k'.repeat(201) }, 'request.invalid'],
  ])('is refused with %s', async (_, path, headers, code) => {
    const { post, admin, world } = served()
    const before = await world.counts()
    const body = path.includes('batch') ? { 0: create('never') } : create('never')
    const reply = await post(path, body, { ...bearer(admin), ...(headers as Record<string, string>) })
    expect(reply.status).toBe(code === 'request.unknownAction' ? 404 : 400)
    expect(reply.json<WireError>().error.json.data.domain.code).toBe(code)
    const { audit_entries: _entries, ...after } = await world.counts()
    expect(before).toMatchObject(after)
  })

  it.each([
    [{ 'idempotency-key': 'k' }, 'request.onlyCommands'],
    [{ 'denizen-plan': 'true' }, 'request.invalid'],
  ])('is what a query is not: %o', async (headers, code) => {
    const { get, admin } = served()
    for (let count = 0; count < 2; count++) {
      const reply = await get('/trpc/sessions.whoami', { ...bearer(admin), ...(headers as Record<string, string>) })
      expect(reply.status).toBe(400)
      expect(reply.json<WireError>().error.json.data.domain.code).toBe(code)
      await get('/trpc/sessions.whoami', bearer(admin))
    }
  })
})

describe('a batch', () => {
  const whoami = (count: number) => `/trpc/${Array.from({ length: count }, () => 'sessions.whoami').join(',')}?batch=1`

  it('holds at most 20 calls', async () => {
    const { get, admin } = served()
    expect((await get(whoami(20), bearer(admin))).status).toBe(200)
    const tooMany = await get(whoami(21), bearer(admin))
    expect(tooMany.status).toBe(413)
    expect(tooMany.json<WireError>().error.json.data.domain).toEqual({
      code: 'request.batchTooLarge',
      kind: 'tooLarge',
      details: { most: 20 },
    })
  })

  it('is authorised and counted call by call', async () => {
    const { get, reports, stranger } = served()
    reports.length = 0
    const reply = await get('/trpc/sessions.whoami,users.list,users.current?batch=1', bearer(stranger))
    expect(reply.status).toBe(207)
    const outcomes = reports.map(({ action, outcome }) => [action, outcome]).toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1))
    expect(outcomes).toEqual([
      ['sessions.whoami', 'ok'],
      ['users.current', 'ok'],
      ['users.list', 'denied'],
    ])
  })
})
