/** Runs examples/sign-in-app against `npm start` in an empty folder, and fails unless it does everything that it says. */
import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { scaled } from '../tests/deadlines.ts'
import { calibrate } from '../tests/pace.ts'
import { freePort } from './checks/free-port.ts'
import { endGroup } from './checks/group.ts'

const folder = mkdtempSync(join(tmpdir(), 'denizen-example-'))
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const environment = { ...process.env, DENIZEN_DATA_DIR: join(folder, 'data'), DENIZEN_PORT: String(port), DENIZEN_URL: url, NO_COLOR: '1' }
delete (environment as Record<string, string | undefined>)['DATABASE_URL']
calibrate() // its variable is none that Denizen knows

const server = await start()
try {
  const { status, stdout, stderr } = spawnSync('npm', ['start', '--silent', '--workspace', 'examples/sign-in-app'], {
    env: environment,
    encoding: 'utf8',
    timeout: scaled(60_000),
  })
  assert.equal(status, 0, `the example ended with ${status}:\n${stdout}\n${stderr}`)
  for (const line of [
    /^signed up as ada-\d+$/m,
    /^an authenticator app is set up, with 10 recovery codes$/m,
    /^signed in with the code, at aal2$/m,
    /^the API token opens ada-\d+$/m,
    /^revoked, it is refused: request\.unauthenticated$/m,
  ])
    assert.match(stdout, line)
  process.stdout.write(stdout)
} finally {
  await endGroup(server)
}
rmSync(folder, { recursive: true, force: true })
console.log('the example does all that it says')

async function start(): Promise<ChildProcess> {
  const child = spawn('npm', ['start', '--silent'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  for (const deadline = performance.now() + scaled(60_000); ; await sleep(50)) {
    const ready = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) return child
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`it did not start:\n${output}`)
  }
}
