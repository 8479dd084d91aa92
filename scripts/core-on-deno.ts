/**
 * Runs core's whole suite under Deno, with the same vitest and only the permissions that it needs: no `--allow-run`, and
 * no host except the database's. Workers are threads, because a thread has the permissions of its process, while a
 * process that Deno forks gets all permissions. Without DENIZEN_TEST_DATABASE_URL, PostgreSQL from npm is started.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare } from '../packages/core/testing/prepared.ts'
import { startServer } from '../packages/core/testing/server.ts'

const deno = 'deno@2.9.6'
const workspace = join(import.meta.dirname, '..')
// Made here if nothing was kept: PostgreSQL's first start runs programs, which Deno may not.
await prepare()
const given = process.env['DENIZEN_TEST_DATABASE_URL'] ?? ''
const server = given === '' ? await startServer() : null
const url = server?.url ?? given

const permissions = [
  '--no-prompt',
  '--allow-env',
  '--allow-sys',
  '--allow-read',
  `--allow-write=${[tmpdir(), 'node_modules', 'packages/core/node_modules'].join(',')}`,
  '--allow-ffi=node_modules', // vitest's own bundler is a native module
  `--allow-net=localhost,127.0.0.1,${new URL(url).hostname}`,
]
const vitest = ['npm:vitest', 'run', '--configLoader=native', '--pool=threads']

const run = spawn('npx', ['--yes', deno, 'run', ...permissions, ...vitest, ...process.argv.slice(2)], {
  cwd: workspace,
  stdio: 'inherit',
  // Without it, vite reads /proc to detect WSL, for which Deno needs all permissions.
  env: { ...process.env, DENIZEN_TEST_DATABASE_URL: url, DENIZEN_TEST_RUNTIME: 'deno', __IS_WSL_TEST__: '1' },
})
const [code] = (await once(run, 'close')) as [number | null]
await server?.stop({ keepFiles: false })
process.exitCode = code ?? 1
