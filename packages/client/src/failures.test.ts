import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClient, DenizenError } from './index.ts'
import { failureOf, oddServer, type OddServer } from './testing/servers.ts'

const servers: OddServer[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())))

async function answering(answer: (response: ServerResponse) => void): Promise<OddServer> {
  const server = await oddServer((_request, response) => answer(response))
  servers.push(server)
  return server
}

const garbled = { code: 'client.unexpectedAnswer', kind: 'unavailable' }
const broken = { code: 'client.unreachable', kind: 'unavailable', message: expect.stringContaining('broke') as string }

const answers: readonly (readonly [string, object, (response: ServerResponse) => void])[] = [
  ['that hangs up', broken, ({ socket }) => void socket?.destroy()],
  [
    'that hangs up in the middle of its answer',
    broken,
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('[{"result"', () => response.socket?.destroy())
    },
  ],
  ['that is a proxy without its server', garbled, (response) => void response.writeHead(502).end('<h1>502 Bad Gateway</h1>')],
  ['that says nothing', garbled, (response) => void response.writeHead(204).end()],
  ['of something else', garbled, (response) => void response.writeHead(200).end('{"hello":"world"}')],
  ['of something else with an error', garbled, (response) => void response.writeHead(404).end('{"error":"no such page"}')],
  [
    'whose errors have another domain',
    garbled,
    (response) => void response.writeHead(400).end('[{"error":{"json":{"message":"m","code":1,"data":{"domain":"example.org"}}}}]'),
  ],
  ['that answers another question', garbled, (response) => void response.writeHead(200).end('[]')],
]

describe('a server', () => {
  it.each(answers)('%s gives a typed error, and is asked once', async (_, expected, answer) => {
    const server = await answering(answer)
    const client = createClient({ url: server.url })
    for (const call of [
      () => client.sessions.whoami(),
      () => client.users.create({ username: 'once' }),
      () => client.users.create({ username: 'once' }, { idempotencyKey: 'key' }),
      () => client.users.create.plan({ username: 'once' }),
    ]) {
      const before = server.requests
      const error = await failureOf(call())
      expect(error).toBeInstanceOf(DenizenError)
      expect(error).toMatchObject(expected)
      expect(error.details['url']).toBe(server.url)
      expect(server.requests - before).toBe(1)
    }
  })

  it('that is not there gives client.unreachable, and says where it was looked for', async () => {
    const url = await abandonedUrl()
    const error = await failureOf(createClient({ url }).sessions.whoami())
    expect(error).toMatchObject({ code: 'client.unreachable', kind: 'unavailable', message: `No server answers at ${url}. Is it running?` })
  })

  it('Found by a stranger: that has no scheme is told what is missing', async () => {
    expect((await failureOf(createClient({ url: 'localhost:1' }).sessions.whoami())).message).toBe(
      'No server answers at localhost:1. It has to begin with http:// or https://.',
    )
  })

  it('O18: that is of another origin than the page may not allow it, which a script cannot tell from silence', async () => {
    const url = await abandonedUrl()
    const messageAt = async (origin: string) => {
      vi.stubGlobal('document', {})
      vi.stubGlobal('location', { origin })
      return (await failureOf(createClient({ url }).sessions.whoami()).finally(() => vi.unstubAllGlobals())).message
    }
    expect(await messageAt('http://localhost:5173')).toMatch(/does not allow http:\/\/localhost:5173.*DENIZEN_ALLOWED_ORIGINS/)
    expect(await messageAt(url)).toBe(`No server answers at ${url}. Is it running?`)
  })

  it.each([
    ['never answers', () => {}],
    ['never ends its answer', (response: ServerResponse) => void response.writeHead(200).write('[')],
  ])('that %s gives client.timedOut, once its fetch has a time limit', async (_, answer) => {
    const { url } = await answering(answer)
    const limited: typeof fetch = (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(150) })
    expect(await failureOf(createClient({ url, fetch: limited }).sessions.whoami())).toMatchObject({
      code: 'client.timedOut',
      kind: 'unavailable',
      details: { url },
    })
  })

  it('that never answers is left with client.aborted, once its fetch is told to', async () => {
    const given = new AbortController()
    const { url } = await answering(() => given.abort())
    const stoppable: typeof fetch = (input, init) => fetch(input, { ...init, signal: given.signal })
    expect(await failureOf(createClient({ url, fetch: stoppable }).sessions.whoami())).toMatchObject({ code: 'client.aborted' })
  })
})

describe('what cannot be sent is refused without being repeated in the error', () => {
  it.each(['dnz_access_canary\n\n-x: y', 'dnz_access_canary…', 'dnz access canary', '"dnz_access_canary\u0000"', ''])(
    'a token: %j',
    async (token) => {
      const server = await answering((response) => void response.end('[]'))
      const error = await failureOf(createClient({ url: server.url, token }).sessions.whoami())
      expect(error).toMatchObject({ code: 'client.invalidToken', kind: 'unauthenticated' })
      expect(inspect(error, { depth: Infinity })).not.toContain('canary')
      expect(server.requests).toBe(0)
    },
  )

  it('a URL with a password', () => {
    const make = () => createClient({ url: 'http://ada:canary@127.0.0.1:1' })
    expect(make).toThrow(expect.objectContaining({ code: 'client.invalidUrl' }))
    expect(make).not.toThrow(/canary/)
  })
})

/** Where a server was, and is no more. */
async function abandonedUrl(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}
