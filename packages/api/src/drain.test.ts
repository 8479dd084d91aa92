import { connect, createServer as createNetServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createServer, type Server } from './index.ts'
import { eventually, scaled } from '../../../tests/deadlines.ts'
import { ask, bearer, domainOf, head, useServer } from './testing/server.ts'

const served = useServer()

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

  /** Milliseconds: nothing here waits for so long. */
  const longer = scaled(60_000)

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

  it('C11: answers /readyz with 503 for a while before the port is closed, and everything else as before', async () => {
    const { core } = served().world
    const server = createServer({ core, port: 0, closingDelay: scaled(500) })
    open.push(server)
    await server.listen()
    expect((await ask(server, '/readyz')).status).toBe(200)
    const closed = server.close()
    expect([(await ask(server, '/readyz')).status, (await ask(server, '/healthz')).status]).toEqual([503, 200])
    await closed
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow('fetch failed')
  })

  it('lets a running request finish, accepts no other, and closes idle connections', async () => {
    const { server, started, go } = await slowServer(longer)
    await ask(server, '/healthz')
    const running = ask(server, '/trpc/users.list', { headers: bearer(served().admin) })
    await started
    const closed = server.close()
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow('fetch failed')
    go()
    const reply = await running
    expect([reply.status, reply.headers.get('connection')]).toEqual([200, 'close'])
    await closed
  })

  it('says that it drains to a request that was on its way', async () => {
    const { server } = await slowServer(longer)
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

  it('waits also for what runs for a client that has left: it still uses the database', async () => {
    const { server, started, go } = await slowServer(longer)
    const { port, hostname } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    socket.write(head('GET /trpc/users.list HTTP/1.1', 'host: x', `authorization: Bearer ${served().admin.token}`))
    await started
    socket.destroy()
    let closed = false
    const closing = server.close().then(() => (closed = true))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(closed).toBe(false)
    go()
    await closing
  })

  it('does not wait for ever for a client that has left', async () => {
    const { server, started, go } = await slowServer(200)
    const leaving = new AbortController()
    const asked = fetch(`${server.url}/trpc/users.list`, { headers: bearer(served().admin), signal: leaving.signal })
    asked.catch(() => undefined)
    await started
    leaving.abort()
    await server.close()
    go()
    await expect(asked).rejects.toThrow('aborted')
  })

  it('cuts off what does not finish in time', async () => {
    const { server, started, go } = await slowServer(100)
    const running = ask(server, '/trpc/users.list', { headers: bearer(served().admin) })
    running.catch(() => undefined)
    await started
    await server.close()
    await expect(running).rejects.toThrow('fetch failed')
    go()
  })

  it('may happen twice, and before it listens', async () => {
    const server = createServer({ core: served().world.core, port: 0 })
    await server.close()
    await server.listen()
    await expect(Promise.all([server.close(), server.close()])).resolves.toBeDefined()
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
          `${head('POST /trpc/users.create HTTP/1.1', 'host: x', `authorization: Bearer ${admin.token}`, 'content-type: application/json', 'content-length: 1000')}{"json":`,
        )
        await new Promise((resolve) => setTimeout(resolve, 20))
        socket.destroy()
      }),
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    await eventually(15_000, 'no transaction being open', async () => (await openTransactions(world)) === 0)
    expect(reports.filter(({ action }) => action === 'users.create')).toEqual([])
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
    await eventually(15_000, 'no transaction being open', async () => (await openTransactions(world)) === 0)
    expect((await served().get('/trpc/users.list', bearer(admin))).status).toBe(200)
  })

  async function openTransactions(world: ReturnType<typeof served>['world']): Promise<number> {
    const [row] = await world.rows<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`,
    )
    return row?.count ?? -1
  }
})
