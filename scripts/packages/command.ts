/**
 * Everything, installed from its tarballs: the command as operators install it (it tells its version, serves, and
 * stops when told), and core as it is to a program that imports it.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, within } from '../../tests/deadlines.ts'
import { freePort } from '../../tests/processes.ts'
import { workspace, type Packed } from './pack.ts'
import { ended, run } from './shell.ts'

export async function checkCommand(folder: string, packed: readonly Packed[]): Promise<void> {
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const tarballs = packed.map(({ tarball }) => tarball)
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs], { cwd: folder })
  const denizen = join(folder, 'node_modules/.bin/denizen')
  const version = packed.find(({ name }) => name === 'denizen')?.version
  assert.equal((await run(denizen, ['--version'], { cwd: folder })).trim(), version)
  await checkServer(folder, denizen)
  await checkCore(folder)
}

/** The example that imports core compiles and runs with what was built. */
async function checkCore(folder: string): Promise<void> {
  cpSync(join(workspace, 'examples/core-script/main.ts'), join(folder, 'script.ts'))
  const options = ['--strict', '--noEmit', '--skipLibCheck', '--target', 'es2024', '--lib', 'es2024,dom', '--module', 'nodenext']
  await run('tsc', [...options, '--types', '', 'script.ts'], { cwd: folder })
  assert.match(await run('node', ['script.ts'], { cwd: folder }), /^signed in as ada$/m)
}

async function checkServer(folder: string, denizen: string): Promise<void> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    DENIZEN_HOST: '127.0.0.1',
    DENIZEN_PORT: String(port),
    DENIZEN_URL: url,
    DENIZEN_DATA_DIR: join(folder, 'data'),
    DATABASE_URL: '',
    XDG_CONFIG_HOME: join(folder, 'config'),
    NO_COLOR: '1',
  }
  const server = spawn(denizen, ['serve'], { cwd: folder, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (printed += String(chunk)))
  const exit = once(server, 'exit')
  try {
    await eventually(30_000, `the installed server on ${url} being ready`, () => isReady(url, server))
    // The first start hashes a password, in the thread that is a file of its own in runtime's dist.
    assert.match(printed, /^ +password +\S+$/m, `the first start says how to sign in:\n${printed}`)
    // The client carries its own copy of the errors, which the command must recognise all the same.
    const { code, output } = await ended(denizen, ['users', 'list'], { cwd: folder, environment })
    assert.equal(code, 4, `without a session it says "not allowed":\n${output}`)
    server.kill('SIGTERM')
    assert.deepEqual(await within(20_000, 'the installed server ending', exit), [0, null], printed)
  } catch (error) {
    server.kill('SIGKILL')
    throw new Error(`The installed command printed:\n${printed}`, { cause: error })
  }
}

async function isReady(url: string, { exitCode }: ChildProcess): Promise<boolean> {
  assert.equal(exitCode, null, 'the server ended before it was ready')
  try {
    const { status } = await fetch(`${url}/readyz`)
    return status === 200
  } catch {
    return false // not listening yet
  }
}
