import { bothDatabases, newEmail, password, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const hour = 60 * 60 * 1000
const day = 24 * hour

describe.each(bothDatabases)('what has expired, on %s', (database) => {
  const world = useWorld({ database })
  const left = async (table: string) => (await world().rows(`select 1 from ${table}`)).length
  const clean = () => world().runJob('auth.deleteExpired')

  test('goes a while later, and not before; what still works stays', async () => {
    const { user } = await world().signUp()
    await world().asAnonymous().auth.signUp({ email: newEmail(), password })
    await world()
      .asAnonymous()
      .auth.requestMagicLink({ email: user.email ?? '' })
    const origin = { requestId: 'r', ip: '192.0.2.1', userAgent: null, remote: true as const }
    await world()
      .core.as({ kind: 'anonymous' }, origin)
      .auth.signIn({ identifier: user.id, password: 'a wrong one of them' })
      .catch(() => undefined)
    await world().rows(
      `insert into challenges (id, purpose, user_id, hash, payload, created_at, expires_at) values (gen_random_uuid(), 'factor', null, 'h', '{}', ?, ?) returning 1`,
      [world().clock.now(), world().clock.now()],
    )
    const tables = ['verifications', 'challenges', 'throttles', 'tokens']
    const all = async () => Object.fromEntries(await Promise.all(tables.map(async (table) => [table, await left(table)] as const)))
    const before = await all()
    expect(Object.values(before).every((count) => count > 0)).toBe(true)
    expect(Object.values(await clean()).reduce((sum, count) => sum + count, 0)).toBe(0)
    expect(await all()).toEqual(before)

    world().clock.advance(day + 2 * hour)
    expect(await clean()).toMatchObject({ verifications: 0, challenges: 1, throttles: before['throttles'] })
    // The access token is over for a day; the refresh token works on.
    expect(await world().rows('select distinct kind from tokens')).toEqual([{ kind: 'refresh' }])

    world().clock.advance(7 * day)
    await world().asAnonymous().auth.signUp({ email: newEmail(), password })
    expect(await clean()).toMatchObject({ verifications: 2 })
    expect(await left('verifications')).toBe(1)
    expect(await left('sessions')).toBe(1)
  })

  test('goes however much there is', async () => {
    const now = world().clock.now()
    await world().rows(
      `insert into throttles (key, failures, last_failure_at) select 'old-' || n, 1, ?::timestamptz from generate_series(1, 12000) n returning 1`,
      [new Date(now.getTime() - 2 * day)],
    )
    expect((await clean())['throttles']).toBeGreaterThanOrEqual(12_000)
  })
})
