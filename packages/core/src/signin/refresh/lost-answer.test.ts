import { uuidOf, type DenizenError } from '@denizen/core'
import { asBrowser, databases, endOfSession, newSession, raced, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const hour = 3_600_000
const refusal = 'auth.invalidRefreshToken'

const failure = (call: Promise<unknown>) =>
  call.then(
    () => null,
    ({ code }: DenizenError) => code,
  )
const refresh = (world: World, refreshToken: string) => asBrowser(world).auth.refresh({ refreshToken })

describe.each(databases)('an answer to a refresh that was lost, on %s', (database) => {
  const world = useWorld({ database })

  test('ABUSE 5: C11: an answer that was lost for longer than the grace: another pair takes its place, and the lost one is dead', async () => {
    const first = await newSession(world())
    const lost = await refresh(world(), first.refreshToken)
    expect(await world().core.authenticate(first.accessToken)).not.toBeNull()
    world().clock.advance(hour / 4)
    const next = await refresh(world(), first.refreshToken)
    expect(await world().core.authenticate(lost.accessToken)).toBeNull()
    expect(await world().core.authenticate(next.accessToken)).not.toBeNull()
    await world().core.writeLastSeen()
    world().clock.advance(hour / 4)
    const last = await refresh(world(), next.refreshToken)
    expect(await endOfSession(world(), first)).toMatchObject({ reason: null })
    // Somebody had it after all.
    expect(await failure(refresh(world(), lost.refreshToken))).toBe(refusal)
    expect(await endOfSession(world(), first)).toEqual({ reason: 'tokenReused', live: 0 })
    expect(await world().core.authenticate(last.accessToken)).toBeNull()
  })

  test('ABUSE 5: C11: of a use that is not written down yet the dead pair tells', async () => {
    const first = await newSession(world())
    const second = await refresh(world(), first.refreshToken)
    world().clock.advance(31_000)
    expect(await world().core.authenticate(second.accessToken)).not.toBeNull()
    const thief = await refresh(world(), first.refreshToken)
    expect(await world().core.authenticate(second.accessToken)).toBeNull()
    await world().core.writeLastSeen()
    expect(await failure(refresh(world(), second.refreshToken))).toBe(refusal)
    expect(await world().core.authenticate(thief.accessToken)).toBeNull()
    expect(await endOfSession(world(), first)).toEqual({ reason: 'tokenReused', live: 0 })
  })
})

describe('ABUSE 5: at once', () => {
  const world = useWorld({ connections: 24 })

  test('C11: 50 refreshes of a token whose answer was lost are one more pair, and all answers are equal', async () => {
    const first = await newSession(world())
    await refresh(world(), first.refreshToken)
    world().clock.advance(31_000)
    const results = await raced(
      world(),
      'lock table tokens in share mode',
      Array.from({ length: 50 }, () => () => refresh(world(), first.refreshToken)),
    )
    const answers = results.map((result) => (result.status === 'fulfilled' ? JSON.stringify(result.value) : String(result.reason)))
    expect([new Set(answers).size, results.every(({ status }) => status === 'fulfilled')]).toEqual([1, true])
    expect(await world().rows('select 1 from tokens where session_id = ?', [uuidOf(first.session.id)])).toHaveLength(6)
    expect(await endOfSession(world(), first)).toMatchObject({ reason: null })
  })
})
