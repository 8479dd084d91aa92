import type { Calls, Id } from '@denizen/core'
import { databases, enrolAuthenticator, password, type SignedInUser, SoftAuthenticator, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

const minute = 60_000
const wrongProof = { code: 'auth.wrongProof', kind: 'denied' }

describe.each(databases)('auth.reauthenticate on %s', (database) => {
  const world = useWorld({ database })
  /** The user's calls, with the principal as it is now. */
  const again = async ({ token }: SignedInUser): Promise<Calls> => {
    const principal = await world().core.authenticate(token)
    if (principal === null) throw new Error('the session is gone')
    return world().core.as({ kind: 'user', principal })
  }
  const historyOf = async (userId: Id<'usr'>, outcome: string) => {
    const rows = await world().rows<{ method: string }>('select method from login_attempts where user_id = ? and outcome = ?', [
      uuidOf(userId),
      outcome,
    ])
    return rows.map(({ method }) => method)
  }

  test('with the password lets sensitive changes through for five minutes, in every process at once', async () => {
    const ada = await world().signUp()
    await ada.as.factors.beginTotp({})
    world().clock.advance(5 * minute)
    await expect(ada.as.factors.beginTotp({})).rejects.toMatchObject({ code: 'auth.freshProofRequired' })
    const elsewhere = world().another({})
    await elsewhere.authenticate(ada.token)
    const provedUntil = new Date(world().clock.now().getTime() + 5 * minute)
    expect(await ada.as.auth.reauthenticate({ password })).toEqual({ status: 'proved', provedUntil, assurance: 'aal1' })
    await (await again(ada)).factors.beginTotp({})
    expect(await world().rows('select 1 as one from invalidations where ? = any(keys)', [ada.principal.sessionId])).not.toEqual([])
    world().clock.advance(5 * minute)
    await expect((await again(ada)).factors.beginTotp({})).rejects.toMatchObject({ code: 'auth.freshProofRequired' })
  })

  test('keeps the proof for a working session where the user may', async () => {
    const ada = await world().signUp()
    await world().rows('update users set sudo_session_enabled = true where id = ? returning 1', [uuidOf(ada.user.id)])
    const answer = await ada.as.auth.reauthenticate({ password })
    expect(answer).toMatchObject({ provedUntil: new Date(world().clock.now().getTime() + 8 * 60 * minute) })
    world().clock.advance(7 * 60 * minute)
    const renewed = await world().rows<{ id: string }>('update tokens set expires_at = ? where id = ? returning id::text', [
      new Date(world().clock.now().getTime() + minute),
      uuidOf(ada.principal.tokenId),
    ])
    expect(renewed).toHaveLength(1)
    await (await again(ada)).factors.beginTotp({})
  })

  test('of this session alone: another one of the same user gains nothing', async () => {
    const ada = await world().signUp()
    const other = await world().signIn(ada.user)
    world().clock.advance(5 * minute)
    await ada.as.auth.reauthenticate({ password })
    await expect((await again(other)).factors.beginTotp({})).rejects.toMatchObject({ code: 'auth.freshProofRequired' })
  })

  test('with a second factor lifts the session to aal2; who has one has to prove that', async () => {
    const ada = await world().signUp()
    const app = await enrolAuthenticator(world(), ada)
    const as = await again(ada)
    const stronger = { code: 'auth.strongerProofRequired', details: { methods: ['totp', 'recoveryCode'] } }
    await expect(as.auth.reauthenticate({ password })).rejects.toMatchObject(stronger)
    await expect(as.auth.reauthenticate({ password: 'wrong' })).rejects.toMatchObject(stronger)
    await expect(as.auth.reauthenticate({ emailCode: '12345678', binding: 'x' })).rejects.toMatchObject(stronger)
    const totp = app.code()
    expect(await as.auth.reauthenticate({ totp })).toMatchObject({ status: 'proved', assurance: 'aal2' })
    await expect(as.auth.reauthenticate({ totp })).rejects.toMatchObject(wrongProof)
    expect(await world().core.authenticate(ada.token)).toMatchObject({ assurance: 'aal2' })
    const [session] = await world().rows('select auth_methods from sessions where id = ?', [uuidOf(ada.principal.sessionId ?? '')])
    expect(session).toEqual({ auth_methods: ['pwd', 'otp', 'mfa'] })
    expect(await as.auth.reauthenticate({ recoveryCode: app.recoveryCodes[0] ?? '' })).toMatchObject({ assurance: 'aal2' })
    await expect(as.auth.reauthenticate({ recoveryCode: app.recoveryCodes[0] ?? '' })).rejects.toMatchObject(wrongProof)
    expect(await historyOf(ada.user.id, 'wrongFactor')).toEqual(expect.arrayContaining(['totp', 'recoveryCode']))
  })

  test('with a code that was mailed to the user, for who has no password', async () => {
    const [ada, eve] = [await world().signUp(), await world().signUp()]
    await world().rows('update users set email_verified = true where id in (?, ?) returning 1', [uuidOf(ada.user.id), uuidOf(eve.user.id)])
    await world().rows('delete from passwords where user_id = ? returning 1', [uuidOf(ada.user.id)])
    await expect(ada.as.auth.reauthenticate({ password })).rejects.toMatchObject(wrongProof)
    const { binding } = await ada.as.auth.requestEmailCode({ purpose: 'reauthenticate' })
    await world().work()
    const code = /\b\d{4}[ -]?\d{4}\b/.exec(world().mailer.sent.at(-1)?.text ?? '')?.[0] ?? ''
    await expect(ada.as.auth.reauthenticate({ emailCode: '00000000', binding })).rejects.toMatchObject(wrongProof)
    await expect(eve.as.auth.reauthenticate({ emailCode: code, binding })).rejects.toMatchObject(wrongProof)
    expect(await ada.as.auth.reauthenticate({ emailCode: code, binding })).toMatchObject({ status: 'proved', assurance: 'aal1' })
    await expect(ada.as.auth.reauthenticate({ emailCode: code, binding })).rejects.toMatchObject(wrongProof)
    expect(await historyOf(ada.user.id, 'wrongCode')).toEqual(['emailCode', 'emailCode'])
  })

  test('with a passkey asks for something to sign first, and says so to who has none', async () => {
    const ada = await world().signUp()
    await expect(ada.as.auth.reauthenticate({ begin: 'passkey' })).rejects.toMatchObject({ code: 'auth.noPasskey' })
    const key = new SoftAuthenticator({ origin: 'http://localhost:4000' })
    const { challenge: registration, options } = await ada.as.passkeys.beginRegistration({})
    await ada.as.passkeys.finishRegistration({ challenge: registration, response: await key.create(options) })
    const as = await again(ada)
    const begun = await as.auth.reauthenticate({ begin: 'passkey' })
    if (begun.status !== 'begun') throw new Error('nothing was begun')
    const { challenge } = begun
    const forged = await key.get(begun.passkey, { challenge: 'AAAA' })
    await expect(as.auth.reauthenticate({ passkey: forged, challenge })).rejects.toMatchObject(wrongProof)
    const passkey = await key.get(begun.passkey)
    const eve = await world().signUp()
    await expect(eve.as.auth.reauthenticate({ passkey, challenge })).rejects.toMatchObject(wrongProof)
    expect(await as.auth.reauthenticate({ passkey, challenge })).toMatchObject({ status: 'proved', assurance: 'aal2' })
    await expect(as.auth.reauthenticate({ passkey, challenge })).rejects.toMatchObject(wrongProof)
    await expect(as.auth.reauthenticate({ password })).rejects.toMatchObject({ details: { methods: ['passkey'] } })
  })

  test('is for sessions that their user signed in to, and wants one proof', async () => {
    const ada = await world().signUp()
    for (const input of [{}, { password, totp: '123456' }, { emailCode: '12345678' }, { password, binding: 'x' }])
      await expect(ada.as.auth.reauthenticate(input)).rejects.toMatchObject({ code: 'request.invalid' })
    await expect(world().asAnonymous().auth.reauthenticate({ password })).rejects.toMatchObject({ code: 'request.unauthenticated' })
    await expect(world().asSystem().auth.reauthenticate({ password })).rejects.toMatchObject({ code: 'auth.ownSessionRequired' })
    const { principal } = ada
    for (const other of [
      { ...principal, sessionId: null, recentAuthUntil: null },
      { ...principal, recentAuthUntil: null, impersonator: { userId: principal.userId, username: 'x', sessionId: 'ses_' } as const },
    ]) {
      const as = world().core.as({ kind: 'user', principal: other })
      await expect(as.auth.reauthenticate({ password })).rejects.toMatchObject({ code: 'auth.ownSessionRequired' })
    }
  })

  test('counts wrong proofs, apart from those at sign-in: who stole a session does not keep its user out', async () => {
    const ada = await world().signUp()
    const as = world().core.as({ kind: 'user', principal: ada.principal }, { ip: '192.0.2.1' })
    for (let count = 0; count < 5; count++) await expect(as.auth.reauthenticate({ password: 'wrong' })).rejects.toMatchObject(wrongProof)
    const limited = { code: 'auth.tooManyAttempts', kind: 'limited', details: { retryAfter: 1 } }
    await expect(as.auth.reauthenticate({ password })).rejects.toMatchObject(limited)
    expect(await historyOf(ada.user.id, 'wrongPassword')).toHaveLength(5)
    expect(await historyOf(ada.user.id, 'locked')).toEqual(['password'])
    await world().core.as({ kind: 'anonymous' }, { ip: '192.0.2.1' }).auth.signIn({ identifier: ada.user.id, password })
    await world().asSystem().auth.unlock({ userId: ada.user.id })
    await as.auth.reauthenticate({ password })
  })

  test('31: what an attacker plants gains nothing: a sign-in takes no session over, and a step-up is of the session it is made in', async () => {
    const [eve, ada] = [await world().signUp(), await world().signUp()]
    const planted = eve.as
    const answer = await planted.auth.signIn({ identifier: ada.user.id, password })
    if (answer.status !== 'signedIn') throw new Error('a second factor was asked for')
    expect(answer.session.id).not.toBe(eve.principal.sessionId)
    expect(answer.accessToken).not.toBe(eve.token)
    expect((await world().core.authenticate(eve.token))?.userId).toBe(eve.user.id)
    const app = await enrolAuthenticator(world(), ada)
    world().clock.advance(5 * minute)
    await expect(planted.auth.reauthenticate({ totp: app.code() })).rejects.toMatchObject(wrongProof)
    await expect((await again(eve)).factors.beginTotp({})).rejects.toMatchObject({ code: 'auth.freshProofRequired' })
  })
})
