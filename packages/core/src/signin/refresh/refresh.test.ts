import { completed, uuidOf, type DenizenError, type SignedIn } from '@denizen/core'
import {
  asBrowser,
  databases,
  endOfSession,
  newSession,
  password,
  raced,
  untilSeen,
  useWorld,
  withoutGuard,
  type World,
} from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const hour = 3_600_000
const day = 24 * hour

const failure = (call: Promise<unknown>) =>
  call.then(
    () => null,
    ({ code, kind, message, details }: DenizenError) => ({ code, kind, message, details }),
  )

const refusal = {
  code: 'auth.invalidRefreshToken',
  kind: 'unauthenticated',
  message: 'This refresh token opens no session: it is over, was ended, or was exchanged before. Sign in again.',
  details: {},
}

const origin = { ip: '192.0.2.7', userAgent: 'a browser' }
const refresh = (world: World, refreshToken: string, from?: typeof origin) => asBrowser(world, from).auth.refresh({ refreshToken })

const history = (world: World, { session }: SignedIn) =>
  world.rows<{ outcome: string }>('select outcome from login_attempts where session_id = ? order by xmin::text::bigint', [
    uuidOf(session.id),
  ])

describe.each(databases)('on %s', (database) => {
  const world = useWorld({ database })

  /** Calls something with a pair, and lets that be written down. */
  async function used({ accessToken }: SignedIn): Promise<void> {
    expect(await world().core.authenticate(accessToken)).not.toBeNull()
    await world().core.writeLastSeen()
  }

  test('a refresh token gives a new pair, which works, and keeps the session alive', async () => {
    const first = await newSession(world())
    world().clock.advance(3 * day)
    expect(await world().core.authenticate(first.accessToken)).toBeNull()
    const second = await refresh(world(), first.refreshToken)
    const now = world().clock.now().getTime()
    expect(second).toEqual({
      status: 'signedIn',
      user: first.user,
      session: { id: first.session.id, expiresAt: new Date(now + 14 * day) },
      accessToken: expect.stringMatching(/^dnz_access_/) as string,
      accessTokenExpiresAt: new Date(now + hour),
      refreshToken: expect.stringMatching(/^dnz_refresh_/) as string,
      pendingSteps: [],
    })
    expect(second.refreshToken).not.toBe(first.refreshToken)
    expect(await world().core.authenticate(second.accessToken)).toMatchObject({ sessionId: first.session.id, credential: 'access' })
    expect(await world().core.authenticate(second.refreshToken)).toBeNull()
    const third = await refresh(world(), second.refreshToken)
    expect(await world().core.authenticate(third.accessToken)).toMatchObject({ sessionId: first.session.id })
  })

  test('the access token of before lives out its hour, and no longer', async () => {
    const first = await newSession(world())
    world().clock.advance(hour / 2)
    await refresh(world(), first.refreshToken)
    expect(await world().core.authenticate(first.accessToken)).not.toBeNull()
    world().clock.advance(hour / 2)
    expect(await world().core.authenticate(first.accessToken)).toBeNull()
  })

  test('no session is kept alive for longer than 90 days, and one that nobody refreshes ends after 14', async () => {
    const [kept, left] = [await newSession(world()), await newSession(world())]
    const begunAt = world().clock.now().getTime()
    let current = kept
    for (let days = 10; days < 90; days += 10) {
      world().clock.advance(10 * day)
      current = await refresh(world(), current.refreshToken)
      expect(current.session.expiresAt.getTime()).toBe(begunAt + Math.min(days + 14, 90) * day)
    }
    world().clock.advance(10 * day - hour / 2)
    current = await refresh(world(), current.refreshToken)
    expect(current.accessTokenExpiresAt.getTime()).toBe(begunAt + 90 * day)
    world().clock.advance(hour / 2)
    expect(await failure(refresh(world(), current.refreshToken))).toEqual(refusal)
    expect(await failure(refresh(world(), left.refreshToken))).toEqual(refusal)
  })

  test('within the grace the same pair comes again, to the letter; nothing more is written', async () => {
    const first = await newSession(world())
    const second = await refresh(world(), first.refreshToken)
    const tokens = (await world().counts())['tokens']
    world().clock.advance(30_000)
    expect(await refresh(world(), first.refreshToken)).toEqual(second)
    expect((await world().counts())['tokens']).toBe(tokens)
    expect(await endOfSession(world(), first)).toMatchObject({ reason: null })
  })

  test('ABUSE 5: after the grace an old token ends the whole family at once', async () => {
    const first = await newSession(world())
    const second = await refresh(world(), first.refreshToken)
    world().clock.advance(30_001)
    await used(second)
    expect(await failure(refresh(world(), first.refreshToken))).toEqual(refusal)
    expect(await endOfSession(world(), first)).toEqual({ reason: 'tokenReused', live: 0 })
    for (const { accessToken } of [first, second]) expect(await world().core.authenticate(accessToken)).toBeNull()
    expect(await failure(refresh(world(), second.refreshToken))).toEqual(refusal)
    expect((await history(world(), first)).map(({ outcome }) => outcome)).toEqual(['succeeded', 'revoked'])
    const events = await world().rows<{ subject: string }>(
      `select payload from events where type = 'auth.tokenReused' and payload->>'sessionId' = ?`,
      [first.session.id],
    )
    expect(events).toHaveLength(1)
    // Asked again it changes nothing more.
    expect(await failure(refresh(world(), first.refreshToken))).toEqual(refusal)
    expect(await history(world(), first)).toHaveLength(2)
  })

  test('ABUSE 5: once somebody has gone on with the successor, the old token ends the family, also within the grace', async () => {
    const first = await newSession(world())
    const second = await refresh(world(), first.refreshToken)
    const third = await refresh(world(), second.refreshToken)
    expect(await failure(refresh(world(), first.refreshToken))).toEqual(refusal)
    expect(await endOfSession(world(), first)).toEqual({ reason: 'tokenReused', live: 0 })
    expect(await world().core.authenticate(third.accessToken)).toBeNull()
  })

  test('other sessions of the user go on', async () => {
    const first = await newSession(world())
    const other = completed(await asBrowser(world()).auth.signIn({ identifier: first.user.id, password }))
    await used(await refresh(world(), first.refreshToken))
    world().clock.advance(31_000)
    await failure(refresh(world(), first.refreshToken))
    expect(await endOfSession(world(), first)).toMatchObject({ reason: 'tokenReused' })
    expect(await world().core.authenticate(other.accessToken)).not.toBeNull()
    expect(await refresh(world(), other.refreshToken)).toMatchObject({ session: { id: other.session.id } })
  })

  test('unknown, tampered, another kind, ended, expired, of somebody who may not act: one and the same answer', async () => {
    const admin = await world().asSuperadmin()
    const [gone, out, late, suspended] = [
      await newSession(world()),
      await newSession(world()),
      await newSession(world()),
      await newSession(world()),
    ]
    await admin.as.users.archive({ userId: gone.user.id })
    await world()
      .core.as({ kind: 'user', principal: (await world().core.authenticate(out.accessToken)) ?? admin.principal })
      .auth.signOut()
    await world().rows(`update users set status = 'suspended' where id = ? returning 1`, [uuidOf(suspended.user.id)])
    await world().rows('update sessions set expires_at = created_at where id = ? returning 1', [uuidOf(late.session.id)])
    const { refreshToken, accessToken } = await newSession(world())
    const letter = refreshToken.at(-10) === 'a' ? 'b' : 'a'
    const tampered = refreshToken.slice(0, -10) + letter + refreshToken.slice(-9)
    const refused = [gone.refreshToken, out.refreshToken, late.refreshToken, suspended.refreshToken]
    for (const token of [...refused, tampered, accessToken, 'dnz_refresh_x', refreshToken.replace('refresh', 'access')])
      expect(await failure(refresh(world(), token))).toEqual(refusal)
    expect(await refresh(world(), refreshToken)).toMatchObject({ status: 'signedIn' })
  })

  test('only from the addresses that the user may act from', async () => {
    const session = await newSession(world())
    await world().rows(`update users set allowed_ips = '{192.0.2.0/24}' where id = ? returning 1`, [uuidOf(session.user.id)])
    world().clock.advance(1)
    const elsewhere = { ...origin, ip: '198.51.100.1' }
    expect(await failure(refresh(world(), session.refreshToken, elsewhere))).toMatchObject({ code: 'auth.addressNotAllowed' })
    expect((await history(world(), session)).map(({ outcome }) => outcome)).toEqual(['succeeded', 'addressNotAllowed'])
    expect(await refresh(world(), session.refreshToken)).toMatchObject({ session: { id: session.session.id } })
  })

  test('who acts for somebody else does so no longer for it, and not at all once they may not', async () => {
    const [{ user }, admin] = [await world().signUp(), await world().asSuperadmin()]
    const session = completed(await asBrowser(world()).auth.signIn({ identifier: user.id, password }))
    const until = new Date(world().clock.now().getTime() + hour)
    await world().rows('update sessions set impersonator_id = ?, impersonator_session_id = ?, expires_at = ? where id = ? returning 1', [
      uuidOf(admin.user.id),
      uuidOf(admin.principal.sessionId ?? ''),
      until,
      uuidOf(session.session.id),
    ])
    world().clock.advance(hour / 2)
    const next = await refresh(world(), session.refreshToken)
    expect([next.session.expiresAt, next.accessTokenExpiresAt]).toEqual([until, until])
    await world().rows(`update users set status = 'suspended' where id = ? returning 1`, [uuidOf(admin.user.id)])
    expect(await failure(refresh(world(), next.refreshToken))).toEqual(refusal)
  })

  test('says what the session still owes', async () => {
    const session = await newSession(world())
    await world().rows('update users set need_password_change = true where id = ? returning 1', [uuidOf(session.user.id)])
    expect((await refresh(world(), session.refreshToken)).pendingSteps).toEqual(['changePassword'])
  })

  test('what is kept, also in the audit log, holds no token', async () => {
    const session = await newSession(world())
    const next = await refresh(world(), session.refreshToken)
    const kept = JSON.stringify([
      await world().rows('select * from audit_entries'),
      await world().rows('select * from events'),
      await world().rows('select * from tokens'),
    ])
    expect(kept).toContain(session.user.id)
    for (const secret of [next.accessToken, next.refreshToken, session.refreshToken]) expect(kept).not.toContain(secret.slice(-49))
  })

  test('has no plan', async () => {
    const { refreshToken } = await newSession(world())
    const plan = asBrowser(world()).auth.refresh.plan({ refreshToken })
    expect(await failure(plan)).toMatchObject({ code: 'request.notPlannable' })
  })
})

describe('ABUSE 5: at once', () => {
  const world = useWorld({ connections: 24 })
  const atOnce = 50

  /** Holds them back where they change tokens. */
  const gate = 'lock table tokens in share mode'

  const rotations = async ({ session }: SignedIn) =>
    (await world().rows(`select 1 from tokens where session_id = ? and kind = 'refresh' and rotated_at is null`, [uuidOf(session.id)]))
      .length

  test(`${atOnce} refreshes of one token are one rotation, and all answers are equal`, async () => {
    const first = await newSession(world())
    const results = await raced(
      world(),
      gate,
      Array.from({ length: atOnce }, () => () => refresh(world(), first.refreshToken)),
    )
    const answers = results.map((result) => (result.status === 'fulfilled' ? JSON.stringify(result.value) : String(result.reason)))
    expect(new Set(answers).size).toBe(1)
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true)
    const tokens = await world().rows('select kind from tokens where session_id = ?', [uuidOf(first.session.id)])
    expect(tokens).toHaveLength(4)
    expect(await endOfSession(world(), first)).toMatchObject({ reason: null })
  })

  test('without the guard there are several: the race is one', async () => {
    // The statement that exchanges no longer asks whether somebody was faster, and nobody waits for the user's row.
    withoutGuard(world(), (query) => query.replace('and rotated_at is null', '').replace(/(order by id )?for no key update$/, ''))
    await untilSeen('several rotations of one token', async () => {
      const first = await newSession(world())
      await raced(
        world(),
        gate,
        Array.from({ length: atOnce }, () => () => refresh(world(), first.refreshToken)),
      )
      return (await rotations(first)) > 1
    })
  })

  test(`${atOnce} uses of an old token after the grace end the family, once`, async () => {
    const first = await newSession(world())
    const second = await refresh(world(), first.refreshToken)
    world().clock.advance(31_000)
    const results = await raced(
      world(),
      gate,
      Array.from({ length: atOnce }, (_, index) => () => refresh(world(), index % 2 === 0 ? first.refreshToken : second.refreshToken)),
    )
    expect(await endOfSession(world(), first)).toEqual({ reason: 'tokenReused', live: 0 })
    for (const result of results)
      if (result.status === 'fulfilled') expect(await world().core.authenticate(result.value.accessToken)).toBeNull()
    expect((await history(world(), first)).filter(({ outcome }) => outcome === 'revoked')).toHaveLength(1)
  })
})
