/**
 * Runs the README's first command and its "next things to try" in an empty folder, as a
 * newcomer would, and fails when anything does not work as described.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { scaled } from '../tests/deadlines.ts'
import { calibrate, startPaceMeter } from '../tests/pace.ts'
import { keepsBudget } from './budget.ts'
import { freePort } from './checks/free-port.ts'
import { endGroup } from './checks/group.ts'

/** Milliseconds from `npm start` to the first 200 of /readyz. */
const readyWithin = 10_000

const folder = mkdtempSync(join(tmpdir(), 'denizen-start-'))
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const environment = {
  ...process.env,
  DENIZEN_DATA_DIR: join(folder, 'data'),
  DENIZEN_PORT: String(port),
  DENIZEN_URL: url,
  XDG_CONFIG_HOME: join(folder, 'config'),
  NO_COLOR: '1',
}
delete (environment as Record<string, string | undefined>)['DATABASE_URL']
calibrate() // its variable is none that Denizen knows

const realm = {
  realm: 'quickstart',
  users: [
    {
      username: 'alice',
      email: 'alice@example.com',
      enabled: true,
      credentials: [{ type: 'password', value: 'alice' }],
      realmRoles: ['user'],
    },
    { username: 'admin', enabled: true, credentials: [{ type: 'password', value: 'admin' }], realmRoles: ['admin'] },
  ],
  roles: { realm: [{ name: 'user' }, { name: 'admin' }] },
}

const first = await firstStart()
try {
  console.log(`ready after ${first.readyAfter} ms, on a machine ${first.pace.toFixed(1)} times as slow as a quiet one`)
  assert(keepsBudget('the first start', first.readyAfter, readyWithin, first.pace), `ready only after ${first.readyAfter} ms`)
  const password = /^ +password +(\S+)$/m.exec(first.printed())?.[1]
  assert(password !== undefined, `the first start prints how to sign in:\n${first.printed()}`)
  signInAndLookAround(password)
  refusesASecondProcess()
} finally {
  await endGroup(first.child)
}

const second = await start()
assert.doesNotMatch(second.printed(), /^ +password +\S+$/m, 'the password is printed once')
console.log(`ready again after ${second.readyAfter} ms`)
await endGroup(second.child)
rmSync(folder, { recursive: true, force: true })
console.log('the README keeps its promises')

function signInAndLookAround(password: string): void {
  denizen(['login', '--url', url, '--username', 'superadmin', '--password-stdin'], `${password}\n`)
  const file = join(folder, 'realm.json')
  writeFileSync(file, JSON.stringify(realm))
  denizen(['users', 'import', file, '--create-roles'])
  const listed = denizen(['users', 'list', '--json'])
  assert.match(listed, /alice@example.com/)
  const example = run('npm', ['start', '--silent', '--workspace', 'examples/client-app'], '', { IDENTIFIER: 'alice', PASSWORD: 'alice' })
  assert.match(example, /quickstart:user/, 'the client example prints users.current')
  assert.doesNotMatch(
    run('npm', ['start', '--silent', '--workspace', 'examples/client-app'], '', { IDENTIFIER: 'admin', PASSWORD: 'admin' }),
    /superadmin/,
  )
}

function refusesASecondProcess(): void {
  const refused = spawnSync('npm', ['start', '--silent'], {
    env: { ...environment, DENIZEN_PORT: '0' },
    encoding: 'utf8',
    timeout: scaled(60_000),
  })
  assert.notEqual(refused.status, 0, 'a second process on the same folder must be refused')
  assert.match(refused.stderr + refused.stdout, new RegExp(`\\b${url}\\b|process \\d+|pid \\d+`), 'and names the owner')
}

/** In an empty folder; once more in another one when it was too late, because others may have used the machine just then. */
async function firstStart() {
  const started = await start()
  if (started.readyAfter <= readyWithin) return started
  console.log(`ready only after ${started.readyAfter} ms: once more`)
  await endGroup(started.child)
  rmSync(environment.DENIZEN_DATA_DIR, { recursive: true })
  return start()
}

async function start() {
  const startedAt = performance.now()
  const endMeter = startPaceMeter()
  const child = spawn('npm', ['start', '--silent'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (ready) break
    if (child.exitCode !== null || performance.now() - startedAt > scaled(60_000)) throw new Error(`it did not start:\n${output}`)
    await sleep(50)
  }
  const readyAfter = Math.round(performance.now() - startedAt)
  const pace = endMeter()
  await sleep(500)
  return { child, readyAfter, pace, printed: () => output }
}

function denizen(parameters: string[], input = ''): string {
  return run('npx', ['denizen', ...parameters], input)
}

function run(command: string, parameters: string[], input = '', more: Record<string, string> = {}): string {
  const { status, stdout, stderr } = spawnSync(command, parameters, {
    env: { ...environment, ...more },
    input,
    encoding: 'utf8',
    timeout: scaled(60_000),
  })
  assert.equal(status, 0, `${command} ${parameters.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`)
  return stdout
}
