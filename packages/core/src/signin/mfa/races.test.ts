import { DenizenError } from '@denizen/core'
import { enrolAuthenticator, password, plainHasher, useWorld, type SignedInUser } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

/** What became of many calls at once: how often each code, `ok` for those that succeeded. */
async function tally(calls: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const settled of await Promise.allSettled(calls)) {
    const { reason } = settled as PromiseRejectedResult
    if (settled.status === 'rejected' && !(reason instanceof DenizenError)) throw reason
    const code = settled.status === 'fulfilled' ? 'ok' : (reason as DenizenError).code
    counts[code] = (counts[code] ?? 0) + 1
  }
  return counts
}
const many = 50
const times = <T>(make: (index: number) => T): T[] => Array.from({ length: many }, (_, index) => make(index))

describe('races at the second factor', () => {
  const world = useWorld({ connections: 28, ports: { hasher: plainHasher } })
  const from = (index: number) => world().core.as({ kind: 'anonymous' }, { ip: `10.1.${index}.1` })
  async function halfIn({ user }: SignedInUser, index = 0): Promise<string> {
    const answer = await from(index).auth.signIn({ identifier: user.id, password })
    if (answer.status !== 'factorRequired') throw new Error('no second factor was asked for')
    return answer.challenge
  }
  async function enrolled() {
    const ada = await world().signUp()
    return { ada, app: await enrolAuthenticator(world(), ada) }
  }
  const attemptsOf = async (ada: SignedInUser) => {
    const rows = await world().rows<{ attempts: number }>('select attempts from challenges where user_id = ? order by id', [
      uuidOf(ada.user.id),
    ])
    return rows.map(({ attempts }) => attempts)
  }

  test('1: of 50 who answer one challenge with ten different right codes at once, one gets in', async () => {
    const { ada, app } = await enrolled()
    const challenge = await halfIn(ada)
    const calls = times((index) => from(index).auth.completeSignIn({ challenge, recoveryCode: app.recoveryCodes[index % 10] ?? '' }))
    const { ok, 'auth.challengeOver': over = 0, 'auth.wrongFactor': wrong = 0 } = await tally(calls)
    expect(ok).toBe(1)
    expect(over + wrong).toBe(many - 1)
  })

  test('1: of 50 who bring one recovery code to 50 challenges at once, one gets in', async () => {
    const { ada, app } = await enrolled()
    const challenges = await Promise.all(times((index) => halfIn(ada, index)))
    const [recoveryCode = ''] = app.recoveryCodes
    const { ok } = await tally(challenges.map((challenge, index) => from(index).auth.completeSignIn({ challenge, recoveryCode })))
    expect(ok).toBe(1)
    const [used] = await world().rows('select count(*)::int as count from recovery_codes where user_id = ? and used_at is not null', [
      uuidOf(ada.user.id),
    ])
    expect(used).toEqual({ count: 1 })
  })

  test('1: of 50 who bring one code of the app to 50 challenges at once, one gets in', async () => {
    const { ada, app } = await enrolled()
    const challenges = await Promise.all(times((index) => halfIn(ada, index)))
    const totp = app.code()
    expect(await tally(challenges.map((challenge, index) => from(index).auth.completeSignIn({ challenge, totp })))).toMatchObject({ ok: 1 })
  })

  test('3: of 50 wrong codes at once for one challenge five are answered; the right one comes too late', async () => {
    const { ada, app } = await enrolled()
    const challenge = await halfIn(ada)
    const { 'auth.wrongFactor': answered, ok } = await tally(
      times((index) => from(index).auth.completeSignIn({ challenge, totp: app.wrongCode() })),
    )
    expect([answered, ok]).toEqual([5, undefined])
    expect(await attemptsOf(ada)).toEqual([5])
    await expect(from(0).auth.completeSignIn({ challenge, totp: app.code() })).rejects.toMatchObject({ code: 'auth.challengeOver' })
  })

  test('3: of 50 wrong codes at once, each with a challenge of its own, no more are answered than are free', async () => {
    const { ada, app } = await enrolled()
    const challenges = await Promise.all(times((index) => halfIn(ada, index)))
    const { 'auth.wrongFactor': answered } = await tally(
      challenges.map((challenge, index) => from(index).auth.completeSignIn({ challenge, totp: app.wrongCode() })),
    )
    expect(answered).toBe(10) // of the account, from whatever network
  })

  test('3: a call that is rolled back gives no try back', async () => {
    const { ada, app } = await enrolled()
    const challenge = await halfIn(ada)
    await world().rows(`create function refuse_history() returns trigger language plpgsql as $$ begin raise 'no history'; end $$`)
    await world().rows('create trigger refuse_history before insert on login_attempts for each row execute function refuse_history()')
    try {
      const answers = await tally(times((index) => from(index).auth.completeSignIn({ challenge, totp: app.wrongCode() })))
      expect(answers).toEqual({ 'request.internal': many })
    } finally {
      await world().rows('drop trigger refuse_history on login_attempts')
    }
    expect(await attemptsOf(ada)).toEqual([5])
    await expect(from(0).auth.completeSignIn({ challenge, totp: app.code() })).rejects.toMatchObject({ code: 'auth.challengeOver' })
  })

  test('of 50 wrong passwords at once no more are answered than are free, whether or not the user exists', async () => {
    const { email } = await world().newUser()
    for (const identifier of [email ?? '', 'nobody@example.com']) {
      const oneNetwork = times(() => from(200).auth.signIn({ identifier, password: 'wrong' }))
      expect(await tally(oneNetwork)).toEqual({ 'auth.invalidCredentials': 5, 'auth.tooManyAttempts': many - 5 })
    }
    const { email: other } = await world().newUser()
    for (const identifier of [other ?? '', 'nobody-else@example.com']) {
      const everywhere = times((index) => from(index).auth.signIn({ identifier, password: 'wrong' }))
      expect(await tally(everywhere)).toEqual({ 'auth.invalidCredentials': 20, 'auth.tooManyAttempts': many - 20 })
    }
  })

  test('of 50 wrong proofs at once in one session no more are answered than are free', async () => {
    const ada = await world().signUp()
    const as = world().core.as({ kind: 'user', principal: ada.principal }, { ip: '192.0.2.1' })
    const { 'auth.wrongProof': answered } = await tally(times(() => as.auth.reauthenticate({ password: 'wrong' })))
    expect(answered).toBe(5)
  })

  test('the control: without the guards every one of these races is lost', async () => {
    const { ada, app } = await enrolled()
    const challenge = await halfIn(ada)
    // The counter of the challenge is made to stand still, and the lock and the counts of the throttle to do nothing.
    await world().rows(`create function forgetful() returns trigger language plpgsql as $$ begin new.attempts := 0; return new; end $$`)
    await world().rows('create trigger forgetful before update on challenges for each row execute function forgetful()')
    await world().rows(`create function uncounted() returns trigger language plpgsql as $$ begin return null; end $$`)
    await world().rows('create trigger uncounted before insert on throttles for each row execute function uncounted()')
    try {
      const { 'auth.wrongFactor': answered = 0 } = await tally(
        times((index) => from(index).auth.completeSignIn({ challenge, totp: app.wrongCode() })),
      )
      expect(answered).toBe(many)
      const guesses = await tally(times(() => from(201).auth.signIn({ identifier: ada.user.id, password: 'wrong' })))
      expect(guesses['auth.invalidCredentials']).toBe(many)
    } finally {
      await world().rows('drop trigger forgetful on challenges')
      await world().rows('drop trigger uncounted on throttles')
    }
  })
})
