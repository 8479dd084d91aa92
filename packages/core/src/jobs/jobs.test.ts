import { uuidOf } from '@denizen/core'
import { bothDatabases, useWorld } from '@denizen/core/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../../../tests/deadlines.ts'

const hour = 60 * 60 * 1000
const names = [
  'auth.deleteExpired',
  'database.createPartitions',
  'idempotency.deleteOldKeys',
  'identities.deleteOldEvents',
  'invalidation.deleteOld',
  'jobs.deleteOldRuns',
  'loginHistory.deleteOld',
  'sessions.deleteEnded',
  'tokens.rotateKeys',
  'users.purgeArchived',
]

describe.each(bothDatabases)('jobs on %s', (database) => {
  const world = useWorld({ database })
  const jobs = () => world().asSystem().jobs
  const runs = async (filters: { job?: string; state?: 'queued' | 'failed' | 'succeeded' | 'cancelled' } = {}) =>
    (await jobs().history({ limit: 100, ...filters })).items
  /** One world is for all: each test begins without runs, and none waits. */
  const forget = async () => {
    await world().work()
    await world().rows('delete from job_runs returning 1')
  }
  beforeEach(forget)
  afterEach(async () => void (await world().rows('delete from testing.jobs returning 1')))

  test('are listed with when they are due and how they last ended, to whoever may see that everywhere', async () => {
    const { jobs: listed } = await jobs().list({})
    expect(listed.map(({ name }) => name)).toEqual(names)
    expect(listed[0]).toMatchObject({ schedule: 'every hour', deletes: true, open: null, last: null })
    const now = world().clock.now().getTime()
    for (const { nextAt } of listed) expect(nextAt.getTime()).toBeGreaterThan(now)
    await world().runJob('tokens.rotateKeys')
    const job = await jobs().get({ job: 'tokens.rotateKeys' })
    expect(job).toMatchObject({
      deletes: false,
      open: null,
      last: { state: 'succeeded', attempts: 1, did: { keysAdded: 0, keysDropped: 0 } },
    })
    const monitor = await world().asMonitor()
    expect((await monitor.as.jobs.list({})).jobs).toHaveLength(names.length)
    await expect(monitor.as.jobs.run({ job: 'tokens.rotateKeys' })).rejects.toMatchObject({ kind: 'denied' })
    const owner = await world().asMember(await world().newOrganization(), 'owner')
    await expect(owner.as.jobs.list({})).rejects.toMatchObject({ kind: 'denied' })
    await expect(jobs().get({ job: 'nothing.here' })).rejects.toMatchObject({ code: 'request.notFound', details: { type: 'job' } })
  })

  test('run when they are due, once, and once for all the times that were missed', async () => {
    const due = async () => {
      await world().core.queueDueRuns()
      await world().core.queueDueRuns()
      await world().work()
    }
    await due()
    expect((await runs()).map(({ job }) => job).toSorted()).toEqual(names)
    await due()
    expect(await runs()).toHaveLength(names.length)
    world().clock.advance(hour)
    await due()
    expect(await runs({ job: 'auth.deleteExpired' })).toHaveLength(2)
    expect(await runs({ job: 'invalidation.deleteOld' })).toHaveLength(2)
    world().clock.advance(72 * hour)
    await due()
    expect(await runs({ job: 'auth.deleteExpired' })).toHaveLength(3)
    const all = await runs()
    for (const { scheduledFor, createdAt } of all) expect(scheduledFor?.getTime()).toBeLessThanOrEqual(createdAt.getTime())
    expect(all.map(({ state }) => state)).toEqual(all.map(() => 'succeeded'))
  })

  test('delete exactly what the preview counted', async () => {
    const long = new Date(world().clock.now().getTime() - 25 * hour)
    await world().rows(
      `insert into idempotency_keys (scope, key, action, fingerprint, created_at)
        select 's', 'old-' || n, 'a', 'f', ?::timestamptz from generate_series(1, 5003) n returning 1`,
      [long],
    )
    const preview = await jobs().preview({ job: 'idempotency.deleteOldKeys' })
    expect(preview).toEqual({ job: 'idempotency.deleteOldKeys', deletes: { idempotency_keys: 5003 } })
    expect(await world().runJob('idempotency.deleteOldKeys')).toEqual({ idempotency_keys: 5003 })
    expect(await jobs().preview({ job: 'idempotency.deleteOldKeys' })).toMatchObject({ deletes: { idempotency_keys: 0 } })
    expect(await jobs().preview({ job: 'tokens.rotateKeys' })).toMatchObject({ deletes: null })
  })

  test('run on demand, one run at a time, which can be cancelled until it is over', async () => {
    const admin = await world().asSuperadmin()
    const { run, isNew } = await admin.as.jobs.run({ job: 'jobs.deleteOldRuns' })
    expect([run.state, isNew, run.requestedBy?.id]).toEqual(['queued', true, admin.user.id])
    expect(await jobs().run({ job: 'jobs.deleteOldRuns' })).toMatchObject({ run: { id: run.id }, isNew: false })
    expect(await jobs().cancel({ runId: run.id })).toMatchObject({ id: run.id, state: 'cancelled', isCancelled: true, attempts: 0 })
    await expect(jobs().cancel({ runId: run.id })).rejects.toMatchObject({ code: 'jobs.runOver', details: { state: 'cancelled' } })
    await world().work()
    expect(await runs()).toMatchObject([{ id: run.id, state: 'cancelled', attempts: 0 }])
    expect((await jobs().run({ job: 'jobs.deleteOldRuns' })).isNew).toBe(true)
    const unknown = 'run_01h455vb4pex5vsknk084sn02q'
    await expect(jobs().cancel({ runId: unknown })).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('are begun again after their process was killed, and are over when nobody does them for an hour', async () => {
    const job = 'auth.deleteExpired'
    const { run } = await jobs().run({ job })
    const now = () => world().clock.now()
    await world().rows(`update job_runs set state = 'running', started_at = ?, seen_at = ?, attempts = 1 returning 1`, [now(), now()])
    await world().work()
    expect(await runs()).toMatchObject([{ id: run.id, state: 'succeeded', attempts: 2 }])

    const { run: cancelled } = await jobs().run({ job })
    await world().rows(`update job_runs set state = 'running', seen_at = ?, attempts = 1 where id = ?::uuid returning 1`, [
      now(),
      uuidOf(cancelled.id),
    ])
    expect(await jobs().cancel({ runId: cancelled.id })).toMatchObject({ state: 'running', isCancelled: true })
    await world().work()
    expect(await runs({ state: 'cancelled' })).toMatchObject([{ id: cancelled.id, attempts: 1 }])

    const { run: lost } = await jobs().run({ job })
    await world().rows(`update job_runs set state = 'running', seen_at = ? where id = ?::uuid returning 1`, [now(), uuidOf(lost.id)])
    await world().rows('delete from testing.jobs returning 1')
    world().clock.advance(59 * 60_000)
    await world().core.queueDueRuns()
    expect((await jobs().get({ job })).open?.id).toBe(lost.id)
    world().clock.advance(2 * 60_000)
    await world().core.queueDueRuns()
    expect(await runs({ state: 'failed', job })).toMatchObject([{ id: lost.id, error: expect.stringContaining('For an hour, no process') }])
    await world().work()
    expect((await jobs().get({ job })).last).toMatchObject({ state: 'succeeded', requestedBy: null })
  })

  test('wait while all servers are down, and are over when nobody begins them for a day', async () => {
    const job = 'jobs.deleteOldRuns'
    const { run } = await jobs().run({ job })
    world().clock.advance(3 * hour)
    await world().core.queueDueRuns()
    await world().work()
    expect((await jobs().get({ job })).last).toMatchObject({ id: run.id, state: 'succeeded' })
    const { run: lost } = await jobs().run({ job })
    await world().rows('delete from testing.jobs returning 1')
    world().clock.advance(25 * hour)
    await world().core.queueDueRuns()
    expect(await runs({ state: 'failed', job })).toMatchObject([{ id: lost.id, error: expect.stringContaining('For a day') }])
  })

  test('are tried again when they fail, and say why; after six attempts a run is over, and the next one is another', async () => {
    const job = 'idempotency.deleteOldKeys'
    const { run } = await jobs().run({ job })
    await world().rows('delete from testing.jobs returning 1')
    const attempt = () => world().core.work('jobs.work', { runId: run.id })
    await world().em().execute('alter table idempotency_keys rename to hidden_keys', [], 'run')
    for (let count = 1; count <= 5; count++) {
      await expect(attempt()).rejects.toThrow('idempotency_keys')
      expect((await jobs().get({ job })).open).toMatchObject({
        state: 'queued',
        attempts: count,
        error: expect.stringContaining('idempotency_keys'),
      })
    }
    await attempt()
    await world().em().execute('alter table hidden_keys rename to idempotency_keys', [], 'run')
    expect((await jobs().get({ job })).last).toMatchObject({ id: run.id, state: 'failed', attempts: 6 })
    expect(world().logger.lines.map(({ message }) => message)).toContain('A job failed so often that its run is over.')
    await attempt()
    expect((await jobs().get({ job })).last).toMatchObject({ state: 'failed', attempts: 6 })
    expect(await world().runJob(job)).toHaveProperty('idempotency_keys')
  })

  test('are shown page by page, by job and by state', async () => {
    for (let count = 0; count < 3; count++) {
      await world().runJob('tokens.rotateKeys')
      world().clock.advance(1)
    }
    await world().runJob('auth.deleteExpired')
    const first = await jobs().history({ limit: 3 })
    const second = await jobs().history({ limit: 3, cursor: first.nextCursor ?? '' })
    expect([first.items[0]?.job, first.items.length, second.items.length, second.nextCursor]).toEqual(['auth.deleteExpired', 3, 1, null])
    expect(await runs({ job: 'tokens.rotateKeys' })).toHaveLength(3)
    expect(await runs({ state: 'failed' })).toEqual([])
  })
})

describe('jobs of several processes', () => {
  const world = useWorld({ connections: 24 })

  test('are queued once, however many look at the same moment or ask for one', async () => {
    await Promise.all(Array.from({ length: 20 }, () => world().core.queueDueRuns()))
    const { items } = await world().asSystem().jobs.history({ limit: 100 })
    expect(items.map(({ job }) => job).toSorted()).toEqual(names)
    await world().work()
    const asked = await Promise.all(Array.from({ length: 20 }, () => world().asSystem().jobs.run({ job: 'auth.deleteExpired' })))
    expect(asked.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(new Set(asked.map(({ run }) => run.id)).size).toBe(1)
  })

  test('stop between two steps when they are cancelled, and keep what they did', async () => {
    const { jobs } = world().asSystem()
    await world().work()
    world().clock.advance(1)
    const client = await world().connect()
    await client.query('begin')
    await client.query('lock table throttles in access exclusive mode')
    const { run } = await jobs.run({ job: 'auth.deleteExpired' })
    const working = world().work()
    const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%throttles%'`
    await eventually(30_000, 'the job waits for the lock', async () => (await world().rows(waiting)).length > 0)
    expect(await jobs.cancel({ runId: run.id })).toMatchObject({ state: 'running' })
    await client.query('commit')
    await working
    const { last } = await jobs.get({ job: 'auth.deleteExpired' })
    expect(last).toMatchObject({ id: run.id, state: 'cancelled', did: { verifications: 0, challenges: 0, device_logins: 0 } })
    expect(last?.did).not.toHaveProperty('tokens')
  })
})
