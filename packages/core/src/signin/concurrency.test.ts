import { completed, DenizenError } from '@denizen/core'
import { databases, enrolAuthenticator, password, plainHasher, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'

const running = async ({ rows }: World, userId: string) => {
  const [row] = await rows<{ count: number }>('select count(*)::int as count from sessions where user_id = ? and ended_at is null', [
    uuidOf(userId),
  ])
  return row?.count
}

describe.each(databases)('how many sessions there may be on %s', (database) => {
  const world = useWorld({ database })
  const limited = (settings: { maxSessions: number; sessionExcess: 'refuse' | 'evictOldest' }) => {
    const core = world().another({ settings })
    return {
      core,
      signIn: async (identifier: string) => completed(await core.as({ kind: 'anonymous' }).auth.signIn({ identifier, password })),
    }
  }
  const outcomesOf = async (userId: string) => {
    const rows = await world().rows<{ outcome: string }>('select outcome from login_attempts where user_id = ? order by outcome', [
      uuidOf(userId),
    ])
    return rows.map(({ outcome }) => outcome)
  }

  test('40: evicts the oldest, at once and everywhere, and writes it down', async () => {
    const { core, signIn } = limited({ maxSessions: 2, sessionExcess: 'evictOldest' })
    const user = await world().newUser()
    const tokens: string[] = []
    for (let count = 0; count < 4; count++) {
      tokens.push((await signIn(user.id)).accessToken)
      world().clock.advance(1000)
    }
    for (const one of [core, world().core])
      expect(await Promise.all(tokens.map(async (token) => (await one.authenticate(token)) !== null))).toEqual([false, false, true, true])
    const outcomes = await outcomesOf(user.id)
    expect([outcomes.filter((one) => one === 'succeeded').length, outcomes.filter((one) => one === 'evicted').length]).toEqual([4, 2])
    expect(
      await world().rows(`select end_reason, count(*)::int as count from sessions where user_id = ? group by 1 order by 1`, [
        uuidOf(user.id),
      ]),
    ).toEqual([
      { end_reason: 'evicted', count: 2 },
      { end_reason: null, count: 2 },
    ])
  })

  test('40: refuses one too many, until another is signed out or over', async () => {
    const { core, signIn } = limited({ maxSessions: 1, sessionExcess: 'refuse' })
    const user = await world().newUser()
    const { accessToken } = await signIn(user.id)
    await expect(signIn(user.id)).rejects.toMatchObject({ code: 'auth.tooManySessions', kind: 'denied', details: { most: 1 } })
    expect(await outcomesOf(user.id)).toEqual(['succeeded', 'tooManySessions'])
    const principal = await core.authenticate(accessToken)
    if (principal === null) throw new Error('the session is gone')
    await core.as({ kind: 'user', principal }).auth.signOut()
    await signIn(user.id)
    world().clock.advance(15 * 24 * 3_600_000)
    await signIn(user.id)
    await expect(signIn(user.id)).rejects.toMatchObject({ code: 'auth.tooManySessions' })
  })

  test('40: none at all means none', async () => {
    const { signIn } = limited({ maxSessions: 0, sessionExcess: 'evictOldest' })
    const user = await world().newUser()
    await expect(signIn(user.id)).rejects.toMatchObject({ code: 'auth.tooManySessions' })
    await expect(signIn('nobody')).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
  })

  test('40: holds after a second factor too', async () => {
    const { core } = limited({ maxSessions: 1, sessionExcess: 'refuse' })
    const ada = await world().signUp()
    const app = await enrolAuthenticator(world(), ada)
    const answer = await core.as({ kind: 'anonymous' }).auth.signIn({ identifier: ada.user.id, password })
    if (answer.status !== 'factorRequired') throw new Error('no second factor was asked for')
    const right = { challenge: answer.challenge, totp: app.code() }
    await expect(core.as({ kind: 'anonymous' }).auth.completeSignIn(right)).rejects.toMatchObject({ code: 'auth.tooManySessions' })
  })
})

describe('a race for the one session', () => {
  const world = useWorld({ connections: 28, ports: { hasher: plainHasher }, settings: { maxSessions: 1, sessionExcess: 'refuse' } })
  const race = async (identifier: string) => {
    const calls = Array.from({ length: 50 }, (_, index) =>
      world()
        .core.as({ kind: 'anonymous' }, { ip: `10.2.${index}.1` })
        .auth.signIn({ identifier, password })
        .then(
          () => 'in',
          (error: unknown) => (error instanceof DenizenError ? error.code : 'failed'),
        ),
    )
    const answers = await Promise.all(calls)
    const count = (answer: string) => answers.filter((one) => one === answer).length
    return { in: count('in'), refused: count('auth.tooManySessions') }
  }

  test('40: of 50 who sign in at once one gets it; or, where the oldest goes, one is left', async () => {
    const user = await world().newUser()
    const { in: admitted, refused } = await race(user.id)
    expect({ admitted, refused, left: await running(world(), user.id) }).toEqual({ admitted: 1, refused: 49, left: 1 })

    const other = await world().newUser()
    const evicting = world().another({ settings: { maxSessions: 1, sessionExcess: 'evictOldest' } })
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        evicting.as({ kind: 'anonymous' }, { ip: `10.3.${index}.1` }).auth.signIn({ identifier: other.id, password }),
      ),
    )
    expect(await running(world(), other.id)).toBe(1)
  })
})
