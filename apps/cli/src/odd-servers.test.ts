import { afterEach, describe, expect, it } from 'vitest'
import { oddServer, type OddServer } from '../../../packages/client/src/testing/servers.ts'
import { scaled } from '../../../tests/deadlines.ts'
import { Terminal } from './testing/terminal.ts'

const terminal = new Terminal()
const servers: OddServer[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())))

async function answering(...answer: Parameters<typeof oddServer>): Promise<string> {
  const server = await oddServer(...answer)
  servers.push(server)
  return server.url
}

/** The answers to one batch: everything is answered with this. */
const always = (body: unknown, type = 'application/json') =>
  answering((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://here')
    const count = pathname.replace('/trpc/', '').split(',').length
    response.writeHead(200, { 'content-type': type })
    response.end(typeof body === 'string' ? body : JSON.stringify(Array.from({ length: count }, () => body)))
  })

const told = (json: unknown) => ({ result: { data: { json } } })
const failed = (issues: unknown, code = 'request.invalid') => ({
  error: { json: { message: 'said by a server', code: -32600, data: { domain: { code, kind: 'invalid', details: { issues } } } } },
})

describe('Found by an attacker: a server that takes the connection and is silent', () => {
  it.each([
    ['login', '--no-browser'],
    ['login', '--username', 'ada', '--password-stdin'],
    ['users', 'list'],
    ['users', 'create', '--username', 'ada'],
  ])('is told after some seconds, and given up: %s', async (...line) => {
    const url = await answering(() => {})
    const env = { DENIZEN_URL: url, DENIZEN_TIMEOUT: '1' }
    const { code, stderr } = await terminal.here(line, env, 'a password')
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`${url} has not answered yet. If it stays silent, it is given up after 1 s.`),
    ])
    expect(stderr).toMatch(/^error: .*did not answer in time[^]*\(client\.timedOut\)/m)
    expect(stderr).toMatch(/^next: {2}.*--url/m)
    expect(stderr.includes('--idempotency-key')).toBe(line[0] === 'users' && line[1] === 'create')
  })

  it('and one that works on something long, which another question tells, is waited for', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>()
    const url = await answering((request, response) => {
      if (request.url === '/healthz') response.end('{}', resolve)
      else void asked.then(() => response.writeHead(502).end())
    })
    const env = { DENIZEN_URL: url, DENIZEN_TIMEOUT: String(Math.ceil(scaled(3000) / 1000)) }
    expect((await terminal.here(['users', 'list'], env)).stderr).toContain('client.unexpectedAnswer')
  })

  it.each([
    ['answers once that it is there, and then falls silent', [200]],
    ['is away, as the proxy before it says each time', Array.from({ length: 1000 }, () => 502)],
  ])('and one that %s is given up', async (_, statuses) => {
    const left = [...statuses]
    const url = await answering((request, response) => {
      const status = request.url === '/healthz' ? left.shift() : undefined
      if (status !== undefined) response.writeHead(status).end()
    })
    const { code, stderr } = await terminal.here(['users', 'list'], { DENIZEN_URL: url, DENIZEN_TIMEOUT: '1' })
    expect([code, stderr]).toEqual([1, expect.stringContaining('client.timedOut')])
  })

  it.each(['soon', '0', '-1'])('a limit that is none is refused: %s', async (DENIZEN_TIMEOUT) => {
    const { code, stderr } = await terminal.here(['users', 'list'], { DENIZEN_TIMEOUT })
    expect([code, stderr]).toEqual([2, expect.stringContaining('DENIZEN_TIMEOUT')])
  })
})

describe('Found by an attacker: a server that answers 200 with something else', () => {
  it.each([
    ['a page', '<!doctype html><h1>Welcome</h1>'],
    ['no result', {}],
    ['nothing', null],
    ['a text', '"hello"'],
    ['a result of nothing', { result: null }],
    ['a result without data', { result: { data: null } }],
    ['an object that is no page', told({ hello: 'world' })],
    ['a list', told([])],
    ['items that are no users', told({ items: [{ username: 7 }], nextCursor: null, total: null })],
    ['an error of nothing', { error: null }],
    ['an error of another shape', { error: { json: 'no' } }],
    ['an error with another domain', { error: { json: { message: 'm', code: 1, data: { domain: 'users.example.org' } } } }],
  ])('is told, with what to look at: %s', async (_, body) => {
    const url = await always(body)
    for (const line of [['users', 'list'], ['users', 'list', '--all'], ['users', 'get', 'ada'], ['whoami'], ['users', 'list', '--json']]) {
      const { code, stdout, stderr } = await terminal.here(line, { DENIZEN_URL: url })
      expect([line, code, stdout, stderr]).toEqual([line, 1, '', expect.stringContaining('client.unexpectedAnswer')])
      expect(stderr).not.toMatch(/ at .*\.ts:\d/)
      expect(stderr).toContain(`Is ${url} the address of a Denizen server?`)
    }
  })
})

it.each([['--all'], ['--all', '--ndjson'], ['--all', '--json']])(
  'Found by an attacker: a cursor that comes again ends the reading: %s',
  async (...options) => {
    const pages = ['one', 'two', 'one']
    let asked = 0
    const url = await answering((_, response) => {
      response.end(JSON.stringify([told({ items: [], nextCursor: pages[asked++] ?? 'two', total: null })]))
    })
    const { code, stderr } = await terminal.here(['teams', 'list', '--org', `org_${'0'.repeat(26)}`, ...options], { DENIZEN_URL: url })
    expect([code, stderr, asked]).toEqual([1, expect.stringContaining('client.unexpectedAnswer'), 3])
  },
)

describe('Found by an attacker: details of an error that are not what they should be', () => {
  it.each([
    ['a text', 'nothing'],
    ['numbers', [1, 2]],
    ['nulls', [null, null]],
    ['without a message', [{ path: 'email' }, { path: 'username' }]],
    ['without a path', [{ message: 'wrong' }, {}]],
    [
      'objects within',
      [
        { path: {}, message: [] },
        { path: 'email', message: {} },
      ],
    ],
  ])('are left out: %s', async (_, issues) => {
    for (const code of [
      'request.invalid',
      'access.documentInvalid',
      'organizations.domainNotProven',
      'auth.outOfScope',
      'request.denied',
    ]) {
      const env = { DENIZEN_URL: await always(failed(issues, code)) }
      const document = terminal.write('access.yaml', 'version: 1\nroles: {}\n')
      for (const line of [
        ['users', 'list'],
        ['users', 'get', 'ada'],
        ['access', 'plan', document],
      ]) {
        const { code: exit, stderr } = await terminal.here(line, env)
        expect(exit).not.toBe(0)
        expect(stderr).toContain(`(${code})`)
        expect(stderr).not.toMatch(/undefined|\[object|null/)
      }
    }
  })

  it('and those that are right stay', async () => {
    const issues = [null, { path: 'email', message: 'is wrong' }, 7, { path: '', message: 'is not enough' }]
    const { stderr } = await terminal.here(['users', 'list'], { DENIZEN_URL: await always(failed(issues)) })
    expect(stderr).toMatch(/email: is wrong\n.*input: is not enough/)
  })
})
