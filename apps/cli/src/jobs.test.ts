import { createPostgres } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const run = (...line: string[]) => terminal.here(line, asAdmin())
const job = 'idempotency.deleteOldKeys'

it('shows what runs by itself, what it would delete, and what came of it', async () => {
  const { world } = served()
  await world.rows(`insert into idempotency_keys (scope, key, action, fingerprint, created_at)
    select 's', 'cli-' || n, 'a', 'f', now() - interval '2 days' from generate_series(1, 3) n returning 1`)
  expect((await run('jobs', 'list')).stdout).toMatch(/^idempotency\.deleteOldKeys +every hour .* never +-$/m)
  expect((await run('jobs', 'get', job)).stdout).toContain('It has not run yet.')
  expect((await run('jobs', 'preview', job)).stdout).toBe('It would delete now: 3 idempotency keys.\n')
  expect((await run('jobs', 'run', job, '--dry-run')).stdout).toContain('The job would delete now: 3 idempotency keys.')
  expect((await run('jobs', 'history', '--job', job)).stdout, 'a dry run leaves nothing').not.toContain('run_')
  const mistyped = await run('jobs', 'history', '--job', 'auth.deletExpired')
  expect([mistyped.code, mistyped.stderr]).toEqual([3, expect.stringContaining('There is no such job.')])
  expect((await run('jobs', 'preview', 'tokens.rotateKeys')).stdout).toBe('This job deletes nothing.\n')

  const waiting = run('jobs', 'run', job, '--wait')
  const isQueued = async () => (await world.rows('select 1 from job_runs where ended_at is null')).length > 0
  await eventually(30_000, 'the run being queued', isQueued)
  await world.work()
  const ended = await waiting
  expect([ended.code, ended.stdout]).toEqual([0, expect.stringMatching(/state +succeeded[^]*did +3 idempotency keys/)])
  expect((await run('jobs', 'history', '--job', job)).stdout).toMatch(/succeeded +3 idempotency keys/)
  expect((await run('jobs', 'list')).stdout).toMatch(/^idempotency\.deleteOldKeys .* succeeded *$/m)
})

it('runs one at a time, and cancels what waits', async () => {
  const first = await run('jobs', 'run', 'jobs.deleteOldRuns')
  const [id = ''] = /run_\w+/.exec(first.stdout) ?? []
  expect(first.stdout).toContain('waits for a server')
  expect((await run('jobs', 'run', 'jobs.deleteOldRuns')).stdout).toMatch(new RegExp(`${id}[^]*waits or is going on already`))
  expect((await run('jobs', 'cancel', id)).stdout).toBe('The run is cancelled.\n')
  const again = await run('jobs', 'cancel', id)
  expect([again.code, again.stderr]).toEqual([5, expect.stringContaining('has been cancelled')])
  const unknown = await run('jobs', 'run', 'nothing.here')
  expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringMatching(/no such job[^]*next: .*denizen jobs list/i)])
})

it('without a server, nobody is waited for', async () => {
  const database = await createPostgres({ connections: 1, empty: false })
  const env = { DATABASE_URL: database.url ?? '', DENIZEN_MASTER_KEY: 'A'.repeat(43) }
  const { code, stderr } = await terminal.here(['jobs', 'run', 'tokens.rotateKeys', '--wait', '--local'], env)
  expect([code, stderr]).toEqual([2, expect.stringContaining('there is none here to wait for')])
  await database.close({ keep: false })
})
