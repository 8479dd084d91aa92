import { request as httpRequest } from 'node:http'
import { databaseUnavailable } from '@denizen/core'
import { describe, expect, it } from 'vitest'
import { eventually, within } from '../../../tests/deadlines.ts'
import { createServer, statusOf } from './index.ts'
import { ask, bearer, head, openConnection, signIn, useServer } from './testing/server.ts'

const served = useServer({ trustedProxies: ['127.0.0.2'] })

describe('operations', () => {
  it('says that it is alive, and that it is ready', async () => {
    const { get } = served()
    expect(await get('/healthz')).toMatchObject({ status: 200, text: '{"status":"alive"}' })
    expect(await get('/readyz')).toMatchObject({ status: 200, text: '{"status":"ready"}' })
  })

  it('is alive but not ready while the database is away or silent', async () => {
    const { core } = served().world
    const gone = databaseUnavailable({})
    for (const unreadiness of [async () => gone, () => Promise.reject(new Error('gone')), () => new Promise<null>(() => undefined)]) {
      const server = createServer({ core: { ...core, unreadiness }, port: 0 })
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

  it('S25: makes metrics once for all who ask within a second', async () => {
    let made = 0
    const metrics = async () => ({ contentType: 'text/plain', body: `made ${++made}\n` })
    const server = createServer({ core: served().world.core, port: 0, metrics })
    await server.listen()
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask(server, '/metrics')))
    expect(new Set(replies.map(({ text }) => text)).size).toBeLessThanOrEqual(2)
    await eventually(30_000, 'newer metrics', async () => (await ask(server, '/metrics')).text !== replies.at(-1)?.text)
    await server.close()
  })

  it('R13: makes the answers of a connection one after the other, however many are asked for at once', async () => {
    const { core } = served().world
    let [running, mostRunning, made] = [0, 0, 0]
    const authenticate = async () => {
      mostRunning = Math.max(mostRunning, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      made++
      return null
    }
    const server = createServer({ core: { ...core, authenticated: () => undefined, authenticate }, port: 0 })
    await server.listen()
    const connection = openConnection(server)
    const whoami = head('GET /trpc/sessions.whoami HTTP/1.1', 'Host: localhost', 'Authorization: Bearer x')
    connection.write(whoami.repeat(50))
    await eventually(30_000, '50 answers', async () => connection.received.split('HTTP/1.1 401').length === 51)
    expect([mostRunning, made]).toEqual([1, 50])
    connection.write(whoami.repeat(1000))
    await within(30_000, 'the end of a connection with a thousand requests at once', connection.closed)
    expect(made).toBeLessThan(1050)
    await server.close()
  })

  it('R13: ends the connection of a client that trickles its request, though it goes on', async () => {
    const server = createServer({ core: served().world.core, port: 0, requestTimeout: 300 })
    await server.listen()
    const connection = openConnection(server)
    connection.write(head('POST /trpc/auth.signIn HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', 'Content-Length: 100000'))
    let isOver = false
    void connection.closed.then(() => (isOver = true))
    await eventually(30_000, 'the end of the connection', async () => {
      connection.write(' ')
      return isOver
    })
    expect(connection.received).toMatch(/^HTTP\/1\.1 408 /)
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
    const { items } = await world.asSystem().auth.listLoginHistory({ identifier })
    return items[0]
  }

  it('is the socket, whatever X-Forwarded-For says', async () => {
    expect(await attempt({ 'x-forwarded-for': '6.6.6.6' })).toMatchObject({ ip: '127.0.0.1' })
  })

  it('is what a trusted proxy says', async () => {
    expect(await attempt({ 'x-forwarded-for': '6.6.6.6, 198.51.100.1' }, '127.0.0.2')).toMatchObject({ ip: '198.51.100.1' })
    expect(await attempt({ 'x-forwarded-for': 'rubbish' }, '127.0.0.2')).toMatchObject({ ip: '127.0.0.2' })
  })

  it('comes with a user agent of at most 512 characters and without control characters', async () => {
    expect((await attempt({ 'user-agent': `a\t${'b'.repeat(600)}` }))?.userAgent).toBe(`a${'b'.repeat(511)}`)
    expect((await attempt({}))?.userAgent).toBeNull()
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
