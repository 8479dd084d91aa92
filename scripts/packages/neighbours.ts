/** The client beside other users of tRPC: two copies of it in one program, and TanStack's adapter, which wants a version of its own. */
import assert from 'node:assert/strict'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { workspace, type Packed } from './pack.ts'
import { ended, run } from './shell.ts'

/** Of another version than the workspace's, and its peers exactly. */
const adapter = '11.22.1'
const wanted = [`@trpc/tanstack-react-query@${adapter}`, '@tanstack/react-query@5.108.4', 'react@19.2.9', '@types/react@19.3.3']

/** In the folder in which the client was installed (`checkClient`). */
export async function checkSecondCopy(folder: string): Promise<void> {
  cpSync(join(folder, 'node_modules/@trpc/client'), join(folder, 'other/node_modules/@trpc/client'), { recursive: true })
  await run('node', ['main.ts'], { cwd: join(folder, 'other') })
}

/** Skipped, with a line that says so, where the registry does not answer. */
export async function checkAdapter(folder: string, packed: readonly Packed[]): Promise<void> {
  const client = packed.find(({ name }) => name === '@denizen/client')
  assert(client, 'the client was packed')
  cpSync(join(workspace, 'tests/packaging/consumer'), folder, { recursive: true })
  const options = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries', '0', '--fetch-timeout', '20000']
  const { code, output } = await ended('npm', [...options, ...wanted, client.tarball], { cwd: folder })
  if (code !== 0 && unreachable.test(output)) return console.log('        not checked: the registry does not answer')
  assert.equal(code, 0, `TanStack's adapter cannot be installed beside the client:\n${output}`)
  assert(!existsSync(join(folder, 'node_modules/@denizen/client/node_modules')), 'the client brings a second copy of its peers')
  await run('tsc', ['-p', 'tsconfig.tanstack.json'], { cwd: folder })
  await run('node', ['main.ts'], { cwd: folder })
}

/** npm's codes for a registry that it cannot reach, and for what is not in its cache meanwhile. */
const unreachable = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|E5\d\d)\b/
