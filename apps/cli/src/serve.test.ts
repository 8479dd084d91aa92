import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createPostgres } from '@denizen/core/testing'
import { beforeAll, expect, it } from 'vitest'
import { freePort } from '../../../tests/processes.ts'
import { Terminal, type Ended, type Running } from './testing/terminal.ts'

// The embedded database takes seconds to be made: one folder is served, in a process of its own, and one is not.
const terminal = new Terminal()
const folder = join(terminal.home, 'denizen-data')
const passwordShape = /\b[2-9a-z]{6}(-[2-9a-z]{6}){3}\b/g

let url: string
/** What the first start said. */
let first: string
let firstPassword: string
let server: Running | undefined
let unserved: Promise<Ended> | undefined

async function serve(): Promise<{ program: Running; said: string }> {
  const program = terminal.start(['serve', '--port', new URL(url).port], { env: { DENIZEN_HASH_WORKERS: '1' } })
  await program.says('Ctrl+C')
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  return { program, said: await program.says('Denizen is ready.') }
}

/** The server, started again where a test has stopped it. */
async function running(): Promise<Running> {
  server ??= (await serve()).program
  return server
}

/** A folder that nobody serves, made when it is first needed; and how `migrate up` made it. */
function newFolder(): Promise<Ended> {
  unserved ??= terminal.here(['migrate', 'up', '--database', join(terminal.home, 'new')])
  return unserved
}

/** The server's superadmin signs in at this terminal. */
const login = () => terminal.here(['login', '--url', url, '--username', 'superadmin', '--password-stdin'], {}, firstPassword)

const onServed = (...line: string[]) => terminal.here([...line, '--database', folder])
const onUnserved = (...line: string[]) => terminal.here([...line, '--database', join(terminal.home, 'new')])

beforeAll(async () => {
  url = `http://localhost:${await freePort()}`
  server = (await serve()).program
  first = await server.says('list everything that can be done')
  firstPassword = first.match(passwordShape)?.[0] ?? ''
})

it('the first start names the folder, tells a password, and three things to try', () => {
  expect(first).toContain(url)
  expect(first).toContain(folder)
  expect(first.match(passwordShape)).toHaveLength(1)
  expect(first.slice(first.indexOf('Then try')).match(/^ +denizen /gm)).toHaveLength(3)
  expect(terminal.modeOf('denizen-data')).toBe('700')
})

it('O2: every start says where mail goes', () => {
  expect(first).toContain(`into files in ${join(folder, 'outbox')}, because DENIZEN_SMTP_URL is not set`)
})

it('what it says to type works when it is typed', async () => {
  await running()
  const lines = [...first.matchAll(/^ +denizen (.*)$/gm)].map(([, line = '']) => wordsOf(line))
  const [signIn = [], ...rest] = lines
  expect((await terminal.here([...signIn, '--password-stdin'], {}, firstPassword)).code).toBe(0)
  for (const line of rest) expect(await terminal.here(line)).toMatchObject({ code: 0, stderr: '' })
  expect((await terminal.here(['users', 'list'])).stdout).toContain('ada@example.org')
})

it('a second process is refused the folder, by a message that names the first and what to do', async () => {
  const owner = new RegExp(`in use by process ${(await running()).pid}\\b`)
  const [list, status, again] = [
    await onServed('users', 'list'),
    await onServed('migrate', 'status'),
    await terminal.here(['serve', '--port', '0', '--data-dir', folder]),
  ]
  for (const refused of [list, status, again]) {
    expect([refused.code, refused.stdout]).toEqual([5, ''])
    expect(refused.stderr).toMatch(owner)
  }
  expect(list.stderr).toMatch(
    new RegExp(`next: +Use the server that has it open: --url ${url}\\s+next: +If nobody can sign in there, stop it first`),
  )
  expect(status.stderr).toContain('next:  Stop it first.')
})

it('doctor finds all well, and sees the server in the folder', async () => {
  const { pid } = await running()
  const stranger = await terminal.here(['doctor', '--database', folder], { XDG_CONFIG_HOME: join(terminal.home, 'nobody') })
  expect(stranger.stdout).toMatch(new RegExp(`✓ Server     ${url} is ready\\s+next: Sign in.*denizen login --url ${url}`))
  expect((await login()).code).toBe(0)
  const { code, stdout } = await onServed('doctor')
  expect(code).toBe(0)
  expect(stdout).toMatch(new RegExp(`✓ Database .*process ${pid}, serving at ${url}`))
  expect(stdout).toContain(`✓ Server     ${url} is ready`)
  expect(stdout).not.toContain('✗')
})

it.each(['--port', '--host', '--data-dir'])(
  'Found by a stranger: %s that is empty, as an unset variable is, starts nothing',
  async (option) => {
    const { code, stderr } = await terminal.here(['serve', option, ''])
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${option} is empty.`)])
  },
)

it('U18: a taken port is refused before an account is made, and names the way out', async () => {
  await running()
  const database = await createPostgres({ connections: 1, empty: false })
  const env = { DATABASE_URL: database.url ?? '', DENIZEN_MASTER_KEY: 'A'.repeat(43), DENIZEN_HASH_WORKERS: '1' }
  const { code, stdout, stderr } = await terminal.run(['serve', '--port', new URL(url).port], { env })
  expect([code, stderr]).toEqual([
    5,
    expect.stringMatching(/Denizen is running already, at http:\/\/localhost:\d+\.[^]*next: .*denizen login [^]*next: .*--port/),
  ])
  expect(stdout).toBe('')
  await database.close({ keep: false })
})

it('Found by a stranger: started by npm, the way out of a taken port is one that npm takes', async () => {
  await running()
  const port = Number(new URL(url).port)
  const env = { npm_lifecycle_event: 'start', npm_execpath: '/usr/bin/npm' }
  const { stderr } = await terminal.run(['serve', '--port', String(port), '--data-dir', 'other'], { env })
  expect(stderr).toContain(`next:  Use it: npx denizen login --url ${url}\n`)
  expect(stderr).toContain(`next:  To run another one beside it: npm start -- --port ${port + 1} --data-dir other\n`)
})

it('a port that another program has is refused as that', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const { code, stderr } = await terminal.here(['serve', '--port', String(port)])
  expect([code, stderr]).toEqual([5, expect.stringMatching(/Another program is listening on 127\.0\.0\.1:\d+[^]*next: .*--port/)])
  other.close()
})

it('migrate up makes a database that was not there, with its key', async () => {
  const { code, stdout } = await newFolder()
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^Applied /)])
  expect([terminal.modeOf('new'), terminal.modeOf('new/master.key')]).toEqual(['700', '600'])
})

it('without a server the same commands work on the folder, as its operator', async () => {
  await newFolder()
  const created = await onUnserved('users', 'create', '--username', 'grace', '--json')
  expect([created.code, created.json<{ username: string }>().username]).toEqual([0, 'grace'])
  const viaEnvironment = await terminal.here(['users', 'get', 'grace', '--local', '--json'], {
    DENIZEN_DATA_DIR: join(terminal.home, 'new'),
  })
  expect(viaEnvironment.json()).toEqual(created.json())
  expect((await onUnserved('users', 'set-status', 'grace', 'suspended', '--dry-run', '--json')).json()).toMatchObject({
    rows: { users: { updated: 1 } },
  })
  const whoami = await onUnserved('whoami')
  expect([whoami.code, whoami.stderr]).toEqual([4, expect.stringContaining('an operator has none')])
})

it('--debug shows statements with times, and no values', async () => {
  await newFolder()
  const { stderr } = await onUnserved('users', 'find', 'canary@example.com', '--debug')
  expect(stderr).toMatch(/^debug: .*select .*"users".*took \d+ ms/m)
  // The error names what was asked for; the statements do not.
  expect(stderr.split(/^error:/m)[0]).not.toContain('canary')
})

it('SIGTERM ends it in order, and the folder is free again; the second start tells no password, and the first one still opens', async () => {
  expect(await (await running()).stop()).toMatchObject({ code: 0, signal: null })
  server = undefined
  expect((await onServed('users', 'list')).code).toBe(0)

  const { program, said } = await serve()
  expect(said).not.toMatch(passwordShape)
  expect((await login()).code).toBe(0)
  const { stdout, code } = await program.stop('SIGINT')
  expect([code, stdout]).toEqual([0, expect.not.stringContaining(firstPassword)])
})

/** The words of a command line as a shell reads them, as far as ours go. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}
