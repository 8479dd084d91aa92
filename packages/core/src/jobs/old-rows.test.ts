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

describe.each(bothDatabases)('what is kept for the days that are set, on %s', (database) => {
  const world = useWorld({ database, settings: { retention: { endedSessionDays: 30, loginAttemptDays: 40 } } })
  const previewed = async (job: string) => (await world().asSystem().jobs.preview({ job })).deletes
  const sessions = async () => (await world().rows<{ id: string }>('select id from sessions')).length

  test('sessions that are over, by sign-out or by themselves, with their tokens; never one that works', async () => {
    const ended = await world().signUp()
    const expired = await world().signIn(ended.user)
    await ended.as.auth.signOut()
    const kept = await world().asAnonymous().auth.signIn({ identifier: ended.user.username, password })
    if (kept.status !== 'signedIn') throw new Error('A second factor is asked for.')
    expect(await previewed('sessions.deleteEnded')).toEqual({ sessions: 0 })

    world().clock.advance(13 * day)
    await world().asAnonymous().auth.refresh({ refreshToken: kept.refreshToken })
    world().clock.advance(17 * day + hour)
    expect(await previewed('sessions.deleteEnded')).toEqual({ sessions: 1 })
    expect(await world().runJob('sessions.deleteEnded')).toEqual({ sessions: 1 })
    expect(await sessions()).toBe(2)

    world().clock.advance(14 * day)
    expect(await world().runJob('sessions.deleteEnded')).toEqual({ sessions: 1 })
    const left = await world().rows<{ id: string }>('select id from sessions union all select distinct session_id from tokens')
    expect(new Set(left.map(({ id }) => id)).size).toBe(1)
    await expect(world().core.authenticate(expired.token)).resolves.toBeNull()
  })

  test('attempts to sign in', async () => {
    const { user } = await world().signUp()
    const attempts = async () => (await world().asSystem().auth.listLoginHistory({ userId: user.id })).items.length
    const before = await attempts()
    expect(before).toBeGreaterThan(0)
    world().clock.advance(40 * day - hour)
    await world().signIn(user)
    await world().runJob('loginHistory.deleteOld')
    expect(await attempts()).toBe(before + 1)
    world().clock.advance(2 * hour)
    expect((await world().runJob('loginHistory.deleteOld'))['login_attempts']).toBeGreaterThanOrEqual(before)
    expect(await attempts()).toBe(1)
  })

  test('all of it, where none is set', async () => {
    const { user } = await world().signUp()
    world().clock.advance(5000 * day)
    const kept = world().another({ settings: { retention: { endedSessionDays: null, loginAttemptDays: null } } })
    for (const job of ['sessions.deleteEnded', 'loginHistory.deleteOld'])
      expect((await kept.as({ kind: 'system', reason: 'test' }).jobs.preview({ job })).deletes).toEqual({})
    expect(user.id).toMatch(/^usr_/)
  })

  test('tokens of programs for 30 days after they were revoked, and events of providers for 90; never that a user was deleted there', async () => {
    const { as } = await world().signUp()
    const { token } = await as.tokens.create({ name: 'robot' })
    await as.tokens.revoke({ tokenId: token.id })
    const now = world().clock.now()
    await world().rows(
      `insert into provider_events (provider, event_id, received_at) values ('clerk', 'evt_1', ?), ('clerk', 'deleted:user_1', ?) returning 1`,
      [now, now],
    )
    world().clock.advance(30 * day - hour)
    const apiTokens = async () => (await world().rows(`select 1 from tokens where kind = 'api'`)).length
    await world().runJob('auth.deleteExpired')
    expect(await apiTokens()).toBe(1)
    world().clock.advance(2 * hour)
    await world().runJob('auth.deleteExpired')
    expect(await apiTokens()).toBe(0)
    expect(await world().runJob('identities.deleteOldEvents')).toEqual({ provider_events: 0 })
    world().clock.advance(60 * day)
    expect(await world().runJob('identities.deleteOldEvents')).toEqual({ provider_events: 1 })
    expect(await world().rows('select event_id from provider_events')).toEqual([{ event_id: 'deleted:user_1' }])
  })
})
