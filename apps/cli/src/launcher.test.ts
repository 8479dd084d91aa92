import { createPostgres } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { freePort } from '../../../tests/processes.ts'
import { Terminal } from './testing/terminal.ts'

const terminal = new Terminal()
/** What the launcher sees when it is started with the Node that a machine happens to have. */
const oldNode = [
  '--import',
  `data:text/javascript,${encodeURIComponent(`Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })`)}`,
]

it('with an old Node the command runs on the one that came with it: same output, same exit code', async () => {
  const [version, wrong] = await Promise.all([
    terminal.run(['call', 'users.find', '--json', '--input', '-'], {
      node: oldNode,
      input: '{',
      env: { DENIZEN_URL: 'http://127.0.0.1:1' },
    }),
    terminal.run(['--version'], { node: oldNode }),
  ])
  expect([version.code, version.failure().message]).toEqual([2, expect.stringContaining('Standard input is not JSON')])
  expect([wrong.code, wrong.stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
})

it.each(['SIGTERM', 'SIGINT'] as const)('a server that was started so stops in order when the launcher gets %s', async (signal) => {
  const url = `http://127.0.0.1:${await freePort()}`
  const database = await createPostgres({ connections: 1, empty: false })
  const env = { DATABASE_URL: database.url ?? '', DENIZEN_MASTER_KEY: 'A'.repeat(43), DENIZEN_HASH_WORKERS: '1' }
  const server = terminal.start(['serve', '--port', new URL(url).port], { node: oldNode, env })
  await server.says('Ctrl+C')
  const { code, stderr } = await server.stop(signal)
  expect([code, stderr]).toEqual([0, expect.stringContaining('Stopping')])
  await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed')
  await database.close({ keep: false })
})
