import { join } from 'node:path'
import { beforeAll, expect, it, vi } from 'vitest'
import { freePort } from '../../../tests/processes.ts'
import { Terminal, type Running } from './testing/terminal.ts'

vi.setConfig({ testTimeout: 90_000 }) // several suites may run on the machine, and making a cluster is its processor's work

// The life of one data directory, in order: PGlite takes seconds to be made.
const terminal = new Terminal()
const passwordShape = /\b[2-9a-z]{6}(-[2-9a-z]{6}){3}\b/g
const local = (...line: string[]) => terminal.here([...line, '--database', join(terminal.home, 'denizen-data')])

let url: string
let server: Running
let firstPassword: string

async function serve(): Promise<string> {
  server = terminal.start(['serve', '--port', new URL(url).port], { env: { DENIZEN_HASH_WORKERS: '1' } })
  const said = await server.says('Ctrl+C')
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  return said
}

beforeAll(async () => {
  url = `http://127.0.0.1:${await freePort()}`
})

it('the first start names the folder, tells a password, and three things to try', async () => {
  await serve()
  const said = await server.says('see everything that can be done')
  expect(said).toContain(url)
  expect(said).toContain(join(terminal.home, 'denizen-data'))
  expect(said.match(passwordShape)).toHaveLength(1)
  firstPassword = said.match(passwordShape)?.[0] ?? ''
  expect(said.slice(said.indexOf('Then try')).match(/^ +denizen /gm)).toHaveLength(3)
  expect(terminal.modeOf('denizen-data')).toBe('700')
})

it('what it says to type works when it is typed', async () => {
  const said = await server.says('see everything that can be done')
  const lines = [...said.matchAll(/^ +denizen (.*)$/gm)].map(([, line = '']) => wordsOf(line))
  const [login = [], ...rest] = lines
  expect((await terminal.run([...login, '--password-stdin'], { input: firstPassword })).code).toBe(0)
  for (const line of rest) expect(await terminal.here(line)).toMatchObject({ code: 0, stderr: '' })
  expect((await terminal.here(['users', 'list'])).stdout).toContain('ada@example.org')
})

it('a second process is refused the folder, by a message that names the first and what to do', async () => {
  const owner = new RegExp(`in use by process ${server.pid}\\b`)
  const [list, status, again] = [
    await local('users', 'list'),
    await local('migrate', 'status'),
    await terminal.run(['serve', '--port', '0']),
  ]
  for (const refused of [list, status, again]) {
    expect([refused.code, refused.stdout]).toEqual([5, ''])
    expect(refused.stderr).toMatch(owner)
  }
  expect(list.stderr).toContain(`next:  Talk to the server that has it open: --url ${url}`)
  expect(status.stderr).toContain('next:  Stop it first.')
})

it('doctor finds all well, and sees the server in the folder', async () => {
  const { code, stdout } = await local('doctor')
  expect(code).toBe(0)
  expect(stdout).toMatch(new RegExp(`✓ Database .*process ${server.pid}, serving at ${url}`))
  expect(stdout).toContain(`✓ Server     ${url} is ready`)
  expect(stdout).not.toContain('✗')
})

it('migrate up makes a database that was not there, with its key', async () => {
  const { code, stdout } = await terminal.here(['migrate', 'up', '--database', join(terminal.home, 'new')])
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^Applied /)])
  expect([terminal.modeOf('new'), terminal.modeOf('new/master.key')]).toEqual(['700', '600'])
})

it('a taken port is refused, and names the way out', async () => {
  const { code, stdout, stderr } = await terminal.run(['serve', '--port', new URL(url).port, '--data-dir', 'new'])
  expect([code, stderr]).toEqual([5, expect.stringMatching(/Something else listens on 127\.0\.0\.1:\d+[^]*next: .*--port/)])
  expect(stdout).toMatch(passwordShape) // the account was made, and this was the only chance to say so
})

it('SIGTERM ends it in order, and the folder is free again', async () => {
  expect(await server.stop()).toMatchObject({ code: 0, signal: null })
  expect((await local('users', 'list')).code).toBe(0)
})

it('the second start tells no password, and the first one still opens', async () => {
  const said = await serve()
  expect(said).toContain('Denizen is ready.')
  expect(said).not.toMatch(passwordShape)
  const login = ['login', '--url', url, '--username', 'superadmin', '--password-stdin']
  expect((await terminal.run(login, { input: firstPassword })).code).toBe(0)
  const { stdout, code } = await server.stop('SIGINT')
  expect([code, stdout]).toEqual([0, expect.not.stringContaining(firstPassword)])
})

it('without a server the same commands work on the folder, as its operator', async () => {
  const created = await local('users', 'create', '--username', 'grace', '--json')
  expect([created.code, created.json<{ username: string }>().username]).toEqual([0, 'grace'])
  const viaEnvironment = await terminal.here(['users', 'get', 'grace', '--local', '--json'], {
    DENIZEN_DATA_DIR: join(terminal.home, 'denizen-data'),
  })
  expect(viaEnvironment.json()).toEqual(created.json())
  expect((await local('users', 'set-status', 'grace', 'suspended', '--dry-run', '--json')).json()).toMatchObject({
    rows: { users: { updated: 1 } },
  })
  const whoami = await local('whoami')
  expect([whoami.code, whoami.stderr]).toEqual([4, expect.stringContaining('an operator has none')])
})

it('--debug shows statements with times, and no values', async () => {
  const { stderr } = await local('users', 'find', 'canary@example.com', '--debug')
  expect(stderr).toMatch(/^debug: .*select .*"users".*took \d+ ms/m)
  expect(stderr).not.toContain('canary')
})

/** The words of a command line as a shell reads them, as far as ours go. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}
