import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

test('counts and times actions by name and outcome', async () => {
  const { monitor, expose, contentType } = createMetrics()
  const report = { action: 'users.create', kind: 'command', actorKind: 'user', durationMs: 3, requestId: 'r' } as const
  monitor.observe({ ...report, outcome: 'ok' })
  monitor.observe({ ...report, outcome: 'ok', durationMs: 30 })
  monitor.observe({ ...report, outcome: 'conflict' })
  const text = await expose()
  expect(contentType).toContain('text/plain')
  expect(text).toContain('denizen_actions_total{action="users.create",kind="command",outcome="ok",actor="user"} 2')
  expect(text).toContain('denizen_actions_total{action="users.create",kind="command",outcome="conflict",actor="user"} 1')
  expect(text).toContain('denizen_action_duration_seconds_bucket{le="0.005",action="users.create",outcome="ok"} 1')
  expect(text).toContain('denizen_action_duration_seconds_sum{action="users.create",outcome="ok"} 0.033')
  expect(text).toContain('process_resident_memory_bytes')
})

test('reads its sources when asked', async () => {
  let hits = 1
  const { expose } = createMetrics({
    caches: () => ({
      live: true,
      caches: [
        { name: 'principals', entries: 3, most: 50_000, hits, misses: 2 },
        { name: 'scopes', entries: 1, most: 100 },
      ],
    }),
    hashing: () => ({ running: 4, waiting: 5 }),
    invalidation: () => ({ connected: false, losses: 6 }),
  })
  await expose()
  hits = 7
  const lines = (await expose()).split('\n').filter((line) => line.startsWith('denizen_'))
  expect(lines).toEqual([
    'denizen_cache_live 1',
    'denizen_cache_entries{cache="principals"} 3',
    'denizen_cache_entries{cache="scopes"} 1',
    'denizen_cache_most{cache="principals"} 50000',
    'denizen_cache_most{cache="scopes"} 100',
    'denizen_cache_hits{cache="principals"} 7',
    'denizen_cache_misses{cache="principals"} 2',
    'denizen_password_hashes_running 4',
    'denizen_password_hashes_waiting 5',
    'denizen_invalidation_connected 0',
    'denizen_invalidation_losses 6',
  ])
})

test('two registries of one process do not mix', async () => {
  const [one, other] = [createMetrics(), createMetrics()]
  one.monitor.observe({ action: 'users.get', kind: 'query', actorKind: 'user', outcome: 'ok', durationMs: 1, requestId: 'r' })
  expect(await other.expose()).not.toContain('users.get')
})
