import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import { relay } from './testing/relay.ts'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()

/** Creating so many users, of which this part (from 1) stays on its way until `release`. */
async function creating(count: number, { heldPart, columns }: { readonly heldPart: number; readonly columns?: number }) {
  const tag = `int${crypto.randomUUID().slice(0, 8)}`
  const users = Array.from({ length: count }, (_, index) => JSON.stringify({ username: `${tag}-${index}` }))
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let parts = 0
  const url = await relay(served().server.url, {
    before: (path) => (path.includes('bulkCreate') && ++parts === heldPart ? released : undefined),
  })
  const line = ['users', 'bulk-create', terminal.write(`${tag}.ndjson`, users.join('\n'))]
  const running = terminal.start(line, { env: { ...asAdmin(), DENIZEN_URL: url }, ...(columns !== undefined && { columns }) })
  await eventually(60_000, 'the part that is held back', async () => parts === heldPart)
  const created = () => served().admin.as.users.count({ where: { username: { startsWith: `${tag}-` } } })
  return { running, release, created }
}

it('Found by a stranger: Ctrl-C stops it after the part on its way, and says how far it came and how to go on', async () => {
  const { running, release, created } = await creating(2001, { heldPart: 2, columns: 100 })
  running.types('\u0003')
  await running.says('Stopping after this part.')
  release()
  const { code, stdout } = await running.ended
  expect(code).toBe(130)
  const [, done = ''] =
    /Cancelled after (\d+) of 2001\. \(cli\.cancelled\)\s+next: {2}Run it again: users that exist already/.exec(stdout) ?? []
  expect(Number(done)).toBeGreaterThan(0)
  expect(await created()).toEqual({ count: Number(done) })
})

it('a second Ctrl-C stops it at once, and says what is not known', async () => {
  const { running, release } = await creating(2001, { heldPart: 2, columns: 100 })
  running.types('\u0003')
  await running.says('Press Ctrl+C again')
  await sleep(600) // sooner it would be the first one, told twice
  running.types('\u0003')
  const { code, stdout } = await running.ended
  expect([code, stdout]).toEqual([
    130,
    expect.stringMatching(/Cancelled after \d+ of 2001\. What was on its way may be done too\.\s+next: {2}Run it again/),
  ])
  release()
})

it('Found by a reviewer: one Ctrl-C that comes twice, from the terminal and from a launcher, is one', async () => {
  const { running, release } = await creating(2001, { heldPart: 2 })
  process.kill(running.pid, 'SIGINT')
  await sleep(100)
  process.kill(running.pid, 'SIGINT')
  await sleep(100)
  release()
  const { code, stderr } = await running.ended
  expect([code, stderr]).toEqual([130, expect.stringMatching(/Cancelled after \d+ of 2001\. \(cli\.cancelled\)/)])
  expect(stderr).not.toContain('on its way')
})

it.each(['SIGTERM', 'SIGHUP'] as const)('%s stops it after the part on its way too, and it is said how far it came', async (signal) => {
  const { running, release } = await creating(1001, { heldPart: 1 })
  process.kill(running.pid, signal)
  await running.says('Stopping after this part.')
  release()
  const { code, stderr } = await running.ended
  expect([code, stderr]).toEqual([130, expect.stringMatching(/Cancelled after \d+ of 1001\. \(cli\.cancelled\)/)])
})

it('Found by a reviewer: it does not promise to stop after a part that is the last', async () => {
  const { running, release, created } = await creating(2, { heldPart: 1 })
  process.kill(running.pid, 'SIGINT')
  await sleep(100)
  release()
  const { code, stderr } = await running.ended
  expect([code, stderr]).toEqual([0, expect.stringContaining('This is the last part. Press Ctrl+C again to stop at once.')])
  expect(stderr).not.toContain('Stopping')
  expect(await created()).toEqual({ count: 2 })
})
