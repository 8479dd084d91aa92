import type { Calls } from '@denizen/core'
import {
  type Authenticator,
  databases,
  enrolAuthenticator,
  password,
  type SignedInUser,
  SoftAuthenticator,
  useWorld,
} from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

const over = { code: 'auth.challengeOver', kind: 'unauthenticated' }

describe.each(databases)('the second factor on %s', (database) => {
  const world = useWorld({ database })
  const origin = { ip: '192.0.2.7', userAgent: 'a browser' }
  const stranger = (): Calls => world().core.as({ kind: 'anonymous' }, origin)
  async function withAuthenticator(): Promise<{ ada: SignedInUser; app: Authenticator }> {
    const ada = await world().signUp()
    return { ada, app: await enrolAuthenticator(world(), ada) }
  }
  async function halfIn(ada: SignedInUser) {
    const answer = await stranger().auth.signIn({ identifier: ada.user.username, password })
    if (answer.status !== 'factorRequired') throw new Error('no second factor was asked for')
    return answer
  }
  const sessionsOf = async (ada: SignedInUser) => {
    const [row] = await world().rows<{ count: number }>('select count(*)::int as count from sessions where user_id = ?', [
      uuidOf(ada.user.id),
    ])
    return row?.count
  }

  test('auth.signIn asks for it and opens nothing; auth.completeSignIn opens a session of aal2', async () => {
    const { ada, app } = await withAuthenticator()
    const before = await sessionsOf(ada)
    const { challenge, methods, passkey, expiresAt } = await halfIn(ada)
    expect({ methods, passkey }).toEqual({ methods: ['totp', 'recoveryCode'], passkey: null })
    expect(expiresAt.getTime()).toBe(world().clock.now().getTime() + 600_000)
    expect(await sessionsOf(ada)).toBe(before)
    const { accessToken } = await stranger().auth.completeSignIn({ challenge, totp: app.code() })
    expect(await world().core.authenticate(accessToken)).toMatchObject({ userId: ada.user.id, assurance: 'aal2' })
    const [session] = await world().rows(
      'select auth_methods, assurance from sessions where user_id = ? order by xmin::text::bigint desc limit 1',
      [uuidOf(ada.user.id)],
    )
    expect(session).toEqual({ auth_methods: ['pwd', 'otp', 'mfa'], assurance: 'aal2' })
    expect(
      await world().rows('select outcome, method from login_attempts where user_id = ? and ip is not null order by xmin::text::bigint', [
        uuidOf(ada.user.id),
      ]),
    ).toEqual([
      { outcome: 'factorRequired', method: 'password' },
      { outcome: 'succeeded', method: 'totp' },
    ])
  })

  test('2: a code is accepted once, also in a second challenge; a recovery code too', async () => {
    const { ada, app } = await withAuthenticator()
    const [one, two] = [await halfIn(ada), await halfIn(ada)]
    const totp = app.code()
    await stranger().auth.completeSignIn({ challenge: one.challenge, totp })
    await expect(stranger().auth.completeSignIn({ challenge: two.challenge, totp })).rejects.toMatchObject({ code: 'auth.wrongFactor' })
    const [recoveryCode = ''] = app.recoveryCodes
    await stranger().auth.completeSignIn({ challenge: two.challenge, recoveryCode })
    const { challenge } = await halfIn(ada)
    await expect(stranger().auth.completeSignIn({ challenge, recoveryCode })).rejects.toMatchObject({ code: 'auth.wrongFactor' })
  })

  test('a challenge is answered once, and is good for nothing but its own user and purpose', async () => {
    const [{ ada, app }, eve] = [await withAuthenticator(), await withAuthenticator()]
    const { challenge } = await halfIn(ada)
    await expect(stranger().auth.completeSignIn({ challenge, totp: eve.app.code() })).rejects.toMatchObject({ code: 'auth.wrongFactor' })
    await expect(stranger().auth.completeSignIn({ challenge: ada.token, totp: app.code() })).rejects.toMatchObject(over)
    const forged = challenge.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x'))
    await expect(stranger().auth.completeSignIn({ challenge: forged, totp: app.code() })).rejects.toMatchObject(over)
    await stranger().auth.completeSignIn({ challenge, totp: app.code() })
    await expect(stranger().auth.completeSignIn({ challenge, totp: app.code(1) })).rejects.toMatchObject(over)
    const late = await halfIn(ada)
    world().clock.advance(600_000)
    await expect(stranger().auth.completeSignIn({ challenge: late.challenge, totp: app.code() })).rejects.toMatchObject(over)
  })

  test('3: five wrong answers end a challenge; they are counted, and written in the history', async () => {
    const { ada, app } = await withAuthenticator()
    const { challenge } = await halfIn(ada)
    for (const attemptsLeft of [4, 3, 2, 1, 0]) {
      const call = stranger().auth.completeSignIn({ challenge, totp: app.wrongCode() })
      await expect(call).rejects.toMatchObject({ code: 'auth.wrongFactor', kind: 'unauthenticated', details: { attemptsLeft } })
    }
    const second = await halfIn(ada)
    const right = { challenge: second.challenge, totp: app.code() }
    await expect(stranger().auth.completeSignIn(right)).rejects.toMatchObject({ code: 'auth.tooManyAttempts', details: { retryAfter: 1 } })
    world().clock.advance(1000)
    await expect(stranger().auth.completeSignIn({ challenge, totp: app.code() })).rejects.toMatchObject(over)
    await stranger().auth.completeSignIn({ ...right, totp: app.code() })
    const outcomes = `select outcome, count(*)::int as count from login_attempts where user_id = ? and method = 'totp' group by 1 order by 1`
    expect(await world().rows(outcomes, [uuidOf(ada.user.id)])).toEqual([
      { outcome: 'locked', count: 1 },
      { outcome: 'succeeded', count: 1 },
      { outcome: 'wrongFactor', count: 5 },
    ])
  })

  test('the user is looked at again: suspended, moved away or with another password since, they are not let in', async () => {
    const { ada, app } = await withAuthenticator()
    const changes = [
      `update users set status = 'suspended' where id = ? returning 1`,
      `update users set allowed_ips = '{198.51.100.0/24}' where id = ? returning 1`,
      `update users set password_changed_at = now() + interval '1 day' where id = ? returning 1`,
    ]
    for (const change of changes) {
      await world().rows(`update users set status = 'active', allowed_ips = '{}', password_changed_at = null where id = ? returning 1`, [
        uuidOf(ada.user.id),
      ])
      const { challenge } = await halfIn(ada)
      await world().rows(change, [uuidOf(ada.user.id)])
      await expect(stranger().auth.completeSignIn({ challenge, totp: app.code() })).rejects.toMatchObject(over)
    }
  })

  test('8: what is begun before the factors change is void', async () => {
    const { ada, app } = await withAuthenticator()
    const { challenge } = await halfIn(ada)
    await world().asSystem().factors.reset({ userId: ada.user.id })
    await expect(stranger().auth.completeSignIn({ challenge, totp: app.code() })).rejects.toMatchObject(over)
  })

  test('a passkey is one too: it signs what the sign-in asked for, for its own user', async () => {
    const ada = await world().signUp()
    const key = new SoftAuthenticator({ origin: 'http://localhost:4000' })
    const { challenge: registration, options } = await ada.as.passkeys.beginRegistration({})
    await ada.as.passkeys.finishRegistration({ challenge: registration, response: await key.create(options) })
    const [first, second] = [await halfIn(ada), await halfIn(ada)]
    if (first.passkey === null || second.passkey === null) throw new Error('no passkey was asked for')
    expect(first.methods).toEqual(['passkey'])
    expect(first.passkey.allowCredentials.map(({ id }) => id)).toEqual(key.credentials.map(({ id }) => id))
    const passkey = await key.get(first.passkey)
    const elsewhere = stranger().auth.completeSignIn({ challenge: second.challenge, passkey })
    await expect(elsewhere).rejects.toMatchObject({ code: 'auth.wrongFactor' })
    const { accessToken, session } = await stranger().auth.completeSignIn({ challenge: first.challenge, passkey })
    expect(await world().core.authenticate(accessToken)).toMatchObject({ userId: ada.user.id, assurance: 'aal2' })
    const [row] = await world().rows('select auth_methods from sessions where id = ?', [uuidOf(session.id)])
    expect(row).toEqual({ auth_methods: ['pwd', 'hwk', 'mfa'] })
    await expect(stranger().auth.completeSignIn({ challenge: first.challenge, passkey })).rejects.toMatchObject(over)
  })

  test('takes one factor, not none or two', async () => {
    const { ada, app } = await withAuthenticator()
    const { challenge } = await halfIn(ada)
    for (const input of [{ challenge }, { challenge, totp: app.code(), recoveryCode: 'x' }])
      await expect(stranger().auth.completeSignIn(input)).rejects.toMatchObject({ code: 'request.invalid' })
  })
})
