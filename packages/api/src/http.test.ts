import { request as httpRequest } from 'node:http'
import { connect, createServer as createNetServer, type AddressInfo, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { createServer, statusOf, type Server } from './index.ts'
import { ask, bearer, inputOf, useServer, type WireError } from './testing/server.ts'

const bodyLimit = 64 * 1024
const served = useServer({ bodyLimit, trustedProxies: ['127.0.0.2'] })

const domainOf = (reply: { json<Body>(): Body }) => reply.json<WireError>().error.json.data.domain
const signIn = (identifier: unknown, password: unknown = 'x') => ({ json: { identifier, password } })

/** What a server answers to bytes as they are: `fetch` would tidy them. */
function raw(server: Server, bytes: string): Promise<string> {
  const { port, hostname } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.on('close', () => resolve(text)).on('error', reject)
  })
}

const lines = (...text: string[]) => `${text.join('\r\n')}\r\n\r\n`

describe('operations', () => {
  it('says that it is alive, and that it is ready', async () => {
    const { get } = served()
    expect(await get('/healthz')).toMatchObject({ status: 200, text: '{"status":"alive"}' })
    expect(await get('/readyz')).toMatchObject({ status: 200, text: '{"status":"ready"}' })
  })

  it('is alive but not ready while the database is away or silent', async () => {
    const { core } = served().world
    for (const isReady of [async () => false, () => Promise.reject(new Error('gone')), () => new Promise<boolean>(() => undefined)]) {
      const server = createServer({ core: { ...core, isReady }, port: 0 })
      await server.listen()
      expect(await ask(server, '/readyz')).toMatchObject({ status: 503, text: '{"status":"databaseUnavailable"}' })
      expect((await ask(server, '/healthz')).status).toBe(200)
      await server.close()
    }
  })

  it('shows metrics when it is given some, and only then', async () => {
    expect((await served().get('/metrics')).status).toBe(404)
    const server = createServer({
      core: served().world.core,
      port: 0,
      metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    })
    await server.listen()
    const reply = await ask(server, '/metrics')
    expect([reply.status, reply.headers.get('content-type'), reply.text]).toEqual([200, 'text/plain; version=0.0.4', 'up 1\n'])
    await server.close()
  })

  it('tells nothing but the request id when something breaks that should not', async () => {
    const { core, logger } = served().world
    const server = createServer({ core, port: 0, metrics: () => Promise.reject(new Error('secret-4711')) })
    await server.listen()
    const reply = await ask(server, '/metrics')
    expect(reply.status).toBe(500)
    expect(reply.json()).toMatchObject({
      code: 'request.internal',
      detail: 'Internal error.',
      requestId: reply.headers.get('x-request-id'),
    })
    expect(reply.text).not.toContain('secret-4711')
    expect(logger.lines.at(-1)).toMatchObject({ level: 'error', fields: { requestId: reply.headers.get('x-request-id') } })
    await server.close()
  })
})

describe('GET /users/current', () => {
  it('is the same answer as the action, as plain JSON', async () => {
    const { get, stranger } = served()
    const reply = await get('/users/current', bearer(stranger))
    expect(reply.status).toBe(200)
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(reply.json()).toEqual(JSON.parse(JSON.stringify(await stranger.as.users.current())))
  })

  it('answers strangers with problem details and a challenge', async () => {
    const { get } = served()
    const nobody = await get('/users/current')
    expect([nobody.status, nobody.headers.get('content-type'), nobody.headers.get('www-authenticate')]).toEqual([
      401,
      'application/problem+json',
      'Bearer',
    ])
    expect(nobody.json()).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'Sign in first: this call needs a valid session.',
      code: 'request.unauthenticated',
      kind: 'unauthenticated',
      details: {},
      requestId: nobody.headers.get('x-request-id'),
    })
    const refused = await get('/users/current', { authorization: 'Bearer nonsense' })
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"'])
  })

  it('takes no parameters, other methods or headers of commands', async () => {
    const { get, post, stranger, server } = served()
    expect(await get('/users/current?a=1', bearer(stranger)).then((reply) => reply.json())).toMatchObject({
      status: 400,
      details: { issues: [{ path: 'a' }] },
    })
    const posted = await post('/users/current', {}, bearer(stranger))
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await get('/users/current', { ...bearer(stranger), 'idempotency-key': 'k' })).status).toBe(400)
    const head = await ask(server, '/users/current', { method: 'HEAD', headers: bearer(stranger) })
    expect([head.status, head.text]).toEqual([200, ''])
  })
})

describe('a credential', () => {
  it('is a bearer token, however the scheme is written, and nothing else', async () => {
    const {
      get,
      stranger: { token },
    } = served()
    for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER  ${token}`])
      expect((await get('/trpc/sessions.whoami', { authorization })).status).toBe(200)
    for (const headers of [
      { authorization: token },
      { authorization: `Basic ${token}` },
      { authorization: `Bearer ${token}x` },
      { authorization: 'Bearer' },
      { 'x-api-key': token },
      { cookie: `token=${token}` },
    ])
      expect((await get('/trpc/sessions.whoami', headers as Record<string, string>)).status).toBe(401)
  })

  it('that opens nothing still lets do what anybody may', async () => {
    const { post, stranger } = served()
    const body = signIn(stranger.user.username, 'correct horse battery staple')
    expect((await post('/trpc/auth.signIn', body, { authorization: 'Bearer dnz_access_gone' })).status).toBe(200)
  })
})

describe('where a request comes from', () => {
  const attempt = async (headers: Record<string, string>, localAddress = '127.0.0.1') => {
    const { server, world } = served()
    const identifier = `nobody-${crypto.randomUUID()}`
    const { port } = new URL(server.url)
    await new Promise<void>((resolve, reject) => {
      const sent = httpRequest({
        port,
        host: '127.0.0.1',
        localAddress,
        path: '/trpc/auth.signIn',
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
      })
      sent.on('response', (response) => response.resume().on('end', resolve)).on('error', reject)
      sent.end(JSON.stringify(signIn(identifier)))
    })
    const [row] = await world.rows<{ ip: string; user_agent: string | null }>(
      'select host(ip) as ip, user_agent from login_attempts where identifier = ?',
      [identifier],
    )
    return row
  }

  it('is the socket, whatever X-Forwarded-For says', async () => {
    expect(await attempt({ 'x-forwarded-for': '6.6.6.6' })).toMatchObject({ ip: '127.0.0.1' })
  })

  it('is what a trusted proxy says', async () => {
    expect(await attempt({ 'x-forwarded-for': '6.6.6.6, 198.51.100.1' }, '127.0.0.2')).toMatchObject({ ip: '198.51.100.1' })
    expect(await attempt({ 'x-forwarded-for': 'rubbish' }, '127.0.0.2')).toMatchObject({ ip: '127.0.0.2' })
  })

  it('comes with a user agent of at most 512 characters and without control characters', async () => {
    expect((await attempt({ 'user-agent': `a\t${'b'.repeat(600)}` }))?.user_agent).toBe(`a${'b'.repeat(511)}`)
    expect((await attempt({}))?.user_agent).toBeNull()
  })
})

describe('a request id', () => {
  it('is the one that came, when it is harmless', async () => {
    expect((await served().get('/healthz', { 'x-request-id': 'Trace_1.2-3' })).headers.get('x-request-id')).toBe('Trace_1.2-3')
  })

  it.each(['a b', 'a'.repeat(65), '<script>', 'a"b', ''])('is a new one instead of %o', async (given) => {
    expect((await served().get('/healthz', { 'x-request-id': given })).headers.get('x-request-id')).toMatch(/^req_[0-9a-z]{26}$/)
  })
})

describe('every answer', () => {
  it.each(['/healthz', '/trpc/sessions.whoami', '/trpc/sessions.whoami,users.list?batch=1', '/users/current', '/nothing'])(
    'of %s has the security headers and an id',
    async (path) => {
      for (const headers of [{}, { 'trpc-accept': 'application/jsonl' }]) {
        const reply = await served().get(path, headers as Record<string, string>)
        expect(reply.headers.get('cache-control')).toBe('no-store')
        expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
        expect(reply.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
        expect(reply.headers.get('x-request-id')).toMatch(/^req_/)
      }
    },
  )

  it('has the status of its kind of failure', () => {
    const kinds = [
      'invalid',
      'unauthenticated',
      'denied',
      'notFound',
      'conflict',
      'tooLarge',
      'limited',
      'unavailable',
      'internal',
    ] as const
    expect(kinds.map(statusOf)).toEqual([400, 401, 403, 404, 409, 413, 429, 503, 500])
  })
})

describe('ABUSE 32: a body that a foreign page can make a browser send', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'application/jsonp',
    undefined,
  ])('is refused as %s', async (type) => {
    const { server, stranger } = served()
    const headers = { ...bearer(stranger), ...(type !== undefined && { 'content-type': type }) }
    const reply = await ask(server, '/trpc/auth.signOut', { method: 'POST', headers, body: new TextEncoder().encode('{"json":{}}') })
    expect([reply.status, domainOf(reply).code]).toEqual([415, 'request.unsupportedMediaType'])
    expect((await served().get('/trpc/sessions.whoami', bearer(stranger))).status).toBe(200)
  })

  it('is taken as JSON, however that is written', async () => {
    expect((await served().post('/trpc/auth.signIn', signIn('nobody'), { 'content-type': 'Application/JSON; charset=utf-8' })).status).toBe(
      401,
    )
  })

  it('is refused when it is compressed', async () => {
    expect((await served().post('/trpc/auth.signIn', signIn('nobody'), { 'content-encoding': 'gzip' })).status).toBe(415)
  })
})

describe('ABUSE 34: a body that is too much', () => {
  it('is refused by size, declared or not', async () => {
    const { server } = served()
    const body = JSON.stringify(signIn('a'.repeat(1024 * 1024)))
    const headers = { 'content-type': 'application/json' }
    const declared = await ask(server, '/trpc/auth.signIn', { method: 'POST', headers, body })
    expect([declared.status, domainOf(declared)]).toEqual([
      413,
      { code: 'request.tooLarge', kind: 'tooLarge', details: { most: bodyLimit } },
    ])
    const trickled = await ask(server, '/trpc/auth.signIn', {
      method: 'POST',
      headers,
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect([trickled.status, domainOf(trickled).code]).toEqual([413, 'request.tooLarge'])
  })

  it('may be larger for an import, from somebody who is signed in', async () => {
    const { post, admin } = served()
    const realm = { realm: 'big', users: [], padding: 'x'.repeat(2 * bodyLimit) }
    const body = { json: { format: 'keycloak', realm } }
    expect((await post('/trpc/users.import', body, bearer(admin))).status).toBe(200)
    expect((await post('/trpc/users.import?batch=1', { 0: body }, bearer(admin))).status).toBe(200)
    expect((await post('/trpc/users.import', body)).status).toBe(413)
  })

  it('is refused by depth', async () => {
    const { post, get } = served()
    const bomb = `{"json":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    for (const reply of [
      await post('/trpc/auth.signIn', bomb),
      await post('/trpc/auth.signIn?batch=1', `{"0":${bomb}}`),
      await post('/trpc/auth.signIn', bomb, { 'trpc-accept': 'application/jsonl' }),
    ])
      expect(reply.text).toContain('request.invalid')
    expect((await get('/healthz')).status).toBe(200)
  })

  it('is refused when the URL is too long', async () => {
    const reply = await served().get(`/trpc/users.find${inputOf({ identifier: 'a'.repeat(9000) })}`)
    expect([reply.status, reply.json()]).toMatchObject([414, { code: 'request.urlTooLong' }])
    expect(await raw(served().server, lines('GET /healthz HTTP/1.1', 'host: x', `x: ${'a'.repeat(20_000)}`))).toMatch(/^HTTP\/1\.1 431 /)
  })
})

describe('ABUSE 28: an input that is wrong', () => {
  it.each([
    ['an unknown field', { json: { identifier: 'a', password: 'b', role: 'admin' } }, 'role'],
    ['a field of the wrong type', signIn({}), 'identifier'],
    ['a date for a text', { json: { identifier: '2026-01-01', password: 'x' }, meta: { values: { identifier: ['Date'] } } }, 'identifier'],
  ])('names the field: %s', async (_, body, path) => {
    const reply = await served().post('/trpc/auth.signIn', body)
    expect([reply.status, domainOf(reply)]).toMatchObject([400, { code: 'request.invalid', details: { issues: [{ path }] } }])
  })

  it.each(['\u0000', '\ud800', '\u202e\u0000', '\u001b[2J'])('names the field that no text may be in: %j', async (text) => {
    const { post, admin } = served()
    for (const field of ['username', 'fullName']) {
      const reply = await post('/trpc/users.create', { json: { username: 'x', [field]: `a${text}b` } }, bearer(admin))
      expect([reply.status, domainOf(reply)]).toMatchObject([400, { code: 'request.invalid', details: { issues: [{ path: field }] } }])
    }
    const preferences = await post('/trpc/users.create', { json: { username: 'x', preferences: { a: '\u0000' } } }, bearer(admin))
    expect([preferences.status, domainOf(preferences)]).toMatchObject([400, { details: { issues: [{ path: 'preferences' }] } }])
    expect((await post('/trpc/auth.signIn', signIn(`a${text}b`))).status).toBe(401)
  })

  it.each(['__proto__', 'constructor', 'prototype'])('names the reserved key %s, wherever it is', async (key) => {
    const { post, admin } = served()
    const top = await post('/trpc/users.create', `{"json":{"username":"x","${key}":{"a":1}}}`, bearer(admin))
    expect([top.status, domainOf(top)]).toMatchObject([400, { code: 'request.invalid', details: { issues: [{ path: key }] } }])
    const inside = await post('/trpc/users.create', `{"json":{"username":"x","preferences":{"${key}":{"a":1}}}}`, bearer(admin))
    expect([inside.status, domainOf(inside)]).toMatchObject([
      400,
      { code: 'request.invalid', details: { issues: [{ path: 'preferences' }] } },
    ])
  })

  it.each(['{', '', 'nul', '[1]', '"text"', '{"json":{},"json', '\ufeff', '{"0":1}'])(
    'is a typed 400 and quotes nothing: %o',
    async (body) => {
      const reply = await served().post('/trpc/auth.signIn', body)
      expect([reply.status, domainOf(reply).code]).toEqual([400, 'request.invalid'])
    },
  )

  it('is refused when it is not UTF-8', async () => {
    const reply = await ask(served().server, '/trpc/auth.signIn', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array([0x22, 0xff, 0x22]),
    })
    expect([reply.status, domainOf(reply).code]).toEqual([400, 'request.invalid'])
  })

  it('is never answered with 500, whatever it holds and whatever meta says', async () => {
    const { post, get, admin } = served()
    const key = fc.oneof(
      fc.constantFrom('userId', 'limit', 'cursor', 'identifier', '__proto__', 'constructor', 'fullName', 'preferences'),
      fc.string(),
    )
    const input = fc.oneof(fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }))), fc.jsonValue())
    const values = fc.dictionary(key, fc.oneof(fc.tuple(fc.constantFrom('undefined', 'Date', 'number', 'map', 'Error')), fc.jsonValue()))
    const payload = fc.record({ json: input, meta: fc.record({ values, v: fc.constant(1) }) }, { requiredKeys: ['json'] })
    const names = ['users.update', 'users.create', 'auth.signIn'] as const
    await fc.assert(
      fc.asyncProperty(payload, fc.constantFrom(...names), async (hostile, name) => {
        expect((await post(`/trpc/${name}`, hostile, bearer(admin))).status).toBeLessThan(500)
        const query = encodeURIComponent(JSON.stringify(hostile).toWellFormed())
        if (query.length < 6000) expect((await get(`/trpc/users.find?input=${query}`, bearer(admin))).status).toBeLessThan(500)
      }),
      { numRuns: 150 },
    )
  })
})

describe('ABUSE 39: a path that is not written as it should be', () => {
  it.each([
    '//trpc/sessions.whoami',
    '/trpc//sessions.whoami',
    '/trpc/sessions.whoami/',
    '/trpc/sessions%2Ewhoami',
    '/trpc%2Fsessions.whoami',
    '/trpc/%73essions.whoami',
    '/trpc/sessions.whoami%00',
    '/trpc/Sessions.whoami',
    '/trpc/sessions.Whoami',
    '/TRPC/sessions.whoami',
    '/trpc/../trpc/sessions.whoami',
    '/./trpc/sessions.whoami',
    '/trpc/sessions/whoami',
    '/trpc/sessions.whoami;x=1',
    '/trpc/sessions.whoami%2Csessions.whoami?batch=1',
    '/trpc/__proto__.toString',
    '/trpc',
    '/trpc/',
    '/users/current/',
    '/Users/current',
    '//users/current',
    '/users%2Fcurrent',
    'http://elsewhere.example/trpc/sessions.whoami',
    '*',
  ])('%s reaches no action', async (path) => {
    const { server, reports, stranger } = served()
    reports.length = 0
    const answer = await raw(
      server,
      lines(`GET ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${stranger.token}`, 'connection: close'),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
    expect(reports).toEqual([])
  })
})

describe('a method that is not for it', () => {
  it.each([
    ['GET', '/trpc/auth.signOut', 'POST'],
    ['POST', '/trpc/sessions.whoami', 'GET'],
    ['PUT', '/trpc/auth.signOut', 'POST'],
    ['OPTIONS', '/trpc/sessions.whoami', 'GET'],
    ['DELETE', '/healthz', 'GET, HEAD'],
  ])('%s %s is answered with what is', async (method, path, allow) => {
    const { server, stranger } = served()
    const reply = await ask(server, path, { method, headers: { ...bearer(stranger), 'content-type': 'application/json' } })
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, allow])
    expect(reply.text).toContain('request.methodNotAllowed')
  })

  it('HEAD runs nothing', async () => {
    const { server, reports, stranger } = served()
    reports.length = 0
    expect((await ask(server, '/trpc/sessions.whoami', { method: 'HEAD', headers: bearer(stranger) })).status).toBe(204)
    expect(reports).toEqual([])
  })
})

describe('when the database is away', () => {
  it('says so with 503 and when to try again, also while it looks for the caller', async () => {
    const { core } = served().world
    const { databaseUnavailable } = await import('@denizen/core')
    const away = () => Promise.reject(databaseUnavailable({}))
    const server = createServer({ core: { ...core, authenticated: () => undefined, authenticate: away, run: away }, port: 0 })
    await server.listen()
    for (const headers of [{}, { authorization: 'Bearer x' }]) {
      const reply = await ask(server, '/trpc/sessions.whoami', { headers: headers as Record<string, string> })
      expect([reply.status, reply.headers.get('retry-after'), domainOf(reply).code]).toEqual([503, '5', 'request.databaseUnavailable'])
    }
    await server.close()
  })
})

describe('closing', () => {
  const open: Server[] = []
  const sockets: Socket[] = []
  afterEach(async () => {
    sockets.splice(0).forEach((socket) => socket.destroy())
    await Promise.all(open.splice(0).map((server) => server.close()))
  })

  async function slowServer(gracePeriod: number) {
    const { core } = served().world
    const started = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const run: typeof core.run = async (...call) => {
      started.resolve()
      await go.promise
      return core.run(...call)
    }
    const server = createServer({ core: { ...core, run }, port: 0, gracePeriod })
    open.push(server)
    await server.listen()
    return { server, started: started.promise, go: go.resolve }
  }

  it('lets a running request finish, accepts no other, and closes idle connections', async () => {
    const { server, started, go } = await slowServer(5000)
    await ask(server, '/healthz')
    const running = ask(server, '/trpc/users.list', { headers: bearer(served().admin) })
    await started
    const closed = server.close()
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
    go()
    const reply = await running
    expect([reply.status, reply.headers.get('connection')]).toEqual([200, 'close'])
    await closed
  })

  it('says that it drains to a request that was on its way', async () => {
    const { server } = await slowServer(5000)
    const { port, hostname } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    const ended = new Promise((resolve) => socket.on('close', resolve))
    socket.write('GET /readyz HTTP/1.1\r\nhost: x\r\n')
    await ask(server, '/healthz')
    const closed = server.close()
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.write('\r\n')
    await Promise.all([closed, ended])
    expect(text).toMatch(/^HTTP\/1\.1 503 /)
    expect(text).toContain('{"status":"draining"}')
  })

  it('cuts off what does not finish in time', async () => {
    const { server, started, go } = await slowServer(100)
    const running = ask(server, '/trpc/users.list', { headers: bearer(served().admin) })
    running.catch(() => undefined)
    await started
    await server.close()
    await expect(running).rejects.toThrow()
    go()
  })

  it('may happen twice, and before it listens', async () => {
    const server = createServer({ core: served().world.core, port: 0 })
    await server.close()
    await server.listen()
    await Promise.all([server.close(), server.close()])
  })

  it('rejects to listen where somebody else does', async () => {
    const other = createNetServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    await expect(createServer({ core: served().world.core, port }).listen()).rejects.toThrow('EADDRINUSE')
    await new Promise((resolve) => other.close(resolve))
  })
})

describe('a client that leaves', () => {
  it('in the middle of its body has nothing done for it, and leaves no transaction', async () => {
    const { server, world, reports, admin } = served()
    reports.length = 0
    const { port, hostname } = new URL(server.url)
    await Promise.all(
      Array.from({ length: 30 }, async () => {
        const socket = connect(Number(port), hostname)
        socket.write(
          `${lines('POST /trpc/users.create HTTP/1.1', 'host: x', `authorization: Bearer ${admin.token}`, 'content-type: application/json', 'content-length: 1000')}{"json":`,
        )
        await new Promise((resolve) => setTimeout(resolve, 20))
        socket.destroy()
      }),
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(reports.filter(({ action }) => action === 'users.create')).toEqual([])
    expect(await openTransactions(world)).toBe(0)
  })

  it('before its answer leaves no transaction', async () => {
    const { server, world, admin } = served()
    await Promise.all(
      Array.from({ length: 30 }, async () => {
        const leaving = new AbortController()
        const asked = fetch(`${server.url}/trpc/users.list`, { headers: bearer(admin), signal: leaving.signal }).catch(() => undefined)
        setTimeout(() => leaving.abort(), 2)
        await asked
      }),
    )
    await expect.poll(() => openTransactions(world)).toBe(0)
    expect((await served().get('/trpc/users.list', bearer(admin))).status).toBe(200)
  })

  async function openTransactions(world: ReturnType<typeof served>['world']): Promise<number> {
    const [row] = await world.rows<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`,
    )
    return row?.count ?? -1
  }
})
